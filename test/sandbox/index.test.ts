import { afterEach, expect, test } from 'vitest';
import { type Sandbox, startSandbox } from '../../sandbox/index.ts';

let sandbox: Sandbox;

afterEach(() => sandbox.stop());

test('gives the functions an environment without a secret in it', async () => {
  sandbox = await startSandbox();
  const env = sandbox.env({ DRY_RUN: 'true', GITHUB_ORGS: undefined });
  expect(env).toMatchObject({
    DEVIN_API_URL: sandbox.devin.url,
    LEAK_QUEUE_URL: sandbox.sqs.queueUrl,
    AUDIT_BUCKET: sandbox.auditBucket,
    DRY_RUN: 'true',
  });
  expect(env).not.toHaveProperty('GITHUB_ORGS');
  const values = Object.values(env);
  for (const secret of [sandbox.admin.token, sandbox.githubToken, sandbox.webhookSecret]) {
    expect(values.every((value) => !value.includes(secret))).toBe(true);
  }
});

test('leaks the first key of a new service user into an alert', async () => {
  sandbox = await startSandbox({ sqs: false });
  const leak = sandbox.leak({ keys: 3 });
  const { owner, repo, number } = leak.alert;
  expect(sandbox.github.alert(owner, repo, number)).toMatchObject({ state: 'open', secret: leak.token });
  expect(leak.keys.map(({ token }) => sandbox.devin.isLive(token))).toEqual([true, true, true]);
  expect(leak.others).toHaveLength(2);
  expect(() => sandbox.sqs).toThrow('sqs: false');
});
