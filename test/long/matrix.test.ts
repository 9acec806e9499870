import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../lib/domain/outcome.ts';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';
import { startFunction } from '../../sandbox/lambda.ts';
import { alertOf, deletedKeys, outcomeRecords } from '../../sandbox/observe.ts';

// The search for the leaked key with several keys, in real time, through the built function over real HTTP.

type Leak = Pick<
  ReturnType<Sandbox['leak']>,
  'service_user_id' | 'api_key_id' | 'token' | 'others' | 'alert'
>;
type Row = {
  when: string;
  keys: number;
  /** of whom; default: a service user of its own */
  leaked?: 'our own key' | 'a sibling of our own key';
  /** before there is a key */
  prepare?: (sandbox: Sandbox) => void;
  arrange?: (sandbox: Sandbox, leak: Leak) => void;
  /** default `revoked` */
  status?: Outcome['status'];
};

const busy = (sandbox: Sandbox, leak: Leak): void => {
  for (const { token } of leak.others) setInterval(() => sandbox.devin.use(token), 400).unref();
};
const lag = (ms: number) => (sandbox: Sandbox) => {
  sandbox.devin.lastUsedLagMs = ms;
};
const clock = (seconds: number) => (sandbox: Sandbox) => {
  sandbox.devin.clockSkewSeconds = seconds;
};
const after = (ms: number, act: (sandbox: Sandbox, leak: Leak) => void) => (sandbox: Sandbox, leak: Leak) => {
  setTimeout(() => act(sandbox, leak), ms).unref();
};

function leakOf(sandbox: Sandbox, { keys, leaked }: Row): Leak {
  if (leaked === undefined) return sandbox.leak({ keys });
  const { admin, devin, github } = sandbox;
  const siblings = Array.from({ length: keys - 1 }, () => devin.createKey(admin.service_user_id));
  const [sibling = admin, ...rest] = siblings;
  const [key, others] = leaked === 'our own key' ? [admin, siblings] : [sibling, [admin, ...rest]];
  return { ...key, others, alert: github.createAlert({ secret: key.token }) };
}

const rows: Row[] = [
  { when: 'there is one key', keys: 1 },
  { when: 'there are two keys', keys: 2 },
  { when: 'there are 20 keys', keys: 20 },
  { when: 'a sibling is in use all the time', keys: 2, arrange: busy },
  { when: 'three siblings are in use all the time', keys: 4, arrange: busy },
  { when: 'uses show after 2 s', keys: 3, arrange: lag(2_000) },
  { when: 'uses show after 30 s', keys: 3, arrange: lag(30_000) },
  {
    when: 'uses never show, which is escalated',
    keys: 3,
    arrange: lag(Number.POSITIVE_INFINITY),
    status: 'escalated',
  },
  { when: "Devin's clock is three minutes ahead", keys: 3, prepare: clock(180) },
  { when: "Devin's clock is three minutes behind", keys: 3, prepare: clock(-180) },
  {
    when: 'the listing has ten pages',
    keys: 20,
    arrange: (sandbox) => {
      sandbox.devin.pageSize = 2;
    },
  },
  {
    when: 'a key is made in the middle',
    keys: 3,
    arrange: after(2_000, ({ devin }, { service_user_id }) => devin.createKey(service_user_id)),
  },
  {
    when: 'a sibling is revoked in the middle',
    keys: 3,
    arrange: after(2_000, ({ devin }, { others }) => devin.revoke(others[0]?.api_key_id ?? '')),
  },
  {
    when: 'somebody else revokes the leaked key in the middle, and it works for a while longer',
    keys: 2,
    arrange: (sandbox, leak) => {
      busy(sandbox, leak);
      sandbox.devin.revocationLagMs = 3_000;
      setTimeout(() => sandbox.devin.revoke(leak.api_key_id), 2_000).unref();
    },
    status: 'already_revoked',
  },
  {
    when: 'the leaked key was revoked a moment ago and still works, so that an innocent key is the only active one',
    keys: 2,
    arrange: ({ devin }, { api_key_id }) => {
      devin.revocationLagMs = 3_000;
      devin.revoke(api_key_id);
    },
    status: 'already_revoked',
  },
  {
    when: 'our own key is a sibling, so that a person decides',
    keys: 3,
    leaked: 'a sibling of our own key',
    status: 'escalated',
  },
  {
    when: 'our own key leaked beside others, so that looking is a use of it as well and a person decides',
    keys: 3,
    leaked: 'our own key',
    status: 'escalated',
  },
];

describe.concurrent('with several keys, only the leaked one is ever revoked', () => {
  test.each(rows)('when $when', async (row) => {
    const { arrange, prepare, status = 'revoked' } = row;
    const sandbox = await startSandbox({ sqs: false });
    const revoke = startFunction({
      name: 'revoke',
      bundle: join(import.meta.dirname, '../../dist/handlers/revoke.cjs'),
      env: sandbox.env({ LEAK_QUEUE_URL: undefined }),
      timeoutMs: 180_000,
    });
    prepare?.(sandbox);
    const leak = leakOf(sandbox, row);
    arrange?.(sandbox, leak);

    const outcome = (await revoke.invoke({ github_alert: leak.alert })) as Outcome;
    await Promise.all([revoke.stop(), sandbox.stop()]);

    const isDead = status !== 'escalated';
    const named = {
      service_user_id: leak.service_user_id,
      ...(isDead && { api_key_id: leak.api_key_id }),
      ...(row.leaked === 'our own key' && { own_key: true }),
    };
    expect(outcome).toMatchObject({ status, ...named, recorded: true });
    expect(sandbox.devin.isLive(leak.token)).toBe(!isDead);
    expect(deletedKeys(sandbox)).toEqual(status === 'revoked' ? [leak.api_key_id] : []);
    expect(alertOf(sandbox, leak.alert)?.state).toBe(isDead ? 'resolved' : 'open');
    expect(outcomeRecords(sandbox)).toMatchObject([{ status_code: status, unmapped: named }]);
  });
});
