import { type Sandbox, startSandbox } from './index.ts';

const DAY = 86_400;

/** A sandbox with a small enterprise in it, whose keys show every rule of a sweep. */
export async function startSweepSandbox(): Promise<Sandbox> {
  const sandbox = await startSandbox({ sqs: false });
  const { devin } = sandbox;
  const now = Math.floor(Date.now() / 1_000);
  const add = (name: string, key: Parameters<typeof devin.createKey>[1], expires_at: number | null = null) =>
    devin.createKey(devin.createServiceUser({ name, expires_at }).service_user_id, key);
  for (let index = 1; index <= 20; index++) {
    const times = {
      created_at: now - 60 * DAY,
      last_used_at: now - DAY,
      expires_at: now + (30 + index) * DAY,
    };
    add(`service ${index}`, { name: 'production', ...times });
  }
  add('nightly build', { name: 'ci', created_at: now - 100 * DAY, expires_at: now - 3 * DAY });
  add('migration 2024', { name: 'once', created_at: now - 700 * DAY, last_used_at: now - 2 * DAY });
  add('demo', { name: 'trade fair', created_at: now - 200 * DAY, last_used_at: now - 150 * DAY });
  add('contractor', { name: 'laptop', created_at: now - 20 * DAY }, now - DAY);
  add('reporting', {
    name: 'weekly',
    created_at: now - 80 * DAY,
    expires_at: now + 5 * DAY,
    last_used_at: now - DAY,
  });
  add('chat bot', { name: 'webhook', created_at: now - 10 * DAY, last_used_at: now - DAY });
  return sandbox;
}
