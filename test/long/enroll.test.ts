import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../sandbox/index.ts';
import { captureOutput, lambdaContext, loadHandler } from '../support/load-handler.ts';

test('an enrolled token among busy siblings is told apart in real time, and so is our own by the standby', async () => {
  const sandbox = await startSandbox({ sqs: false });
  const output = captureOutput();
  onTestFinished(async () => {
    output.restore();
    await sandbox.stop();
  });
  const { devin } = sandbox;
  const user = devin.createServiceUser();
  const siblings = Array.from({ length: 3 }, () => devin.createKey(user.service_user_id));
  const key = devin.createKey(user.service_user_id);
  sandbox.secrets.put('shop', key.token, { 'devin-key-revoker:enroll': 'true' });
  const standby = devin.createKey(sandbox.admin.service_user_id);
  sandbox.secrets.put('standby', standby.token);
  const traffic = setInterval(() => {
    for (const { token } of siblings) if (Math.random() < 0.1) devin.use(token);
  }, 250);
  onTestFinished(() => clearInterval(traffic));

  const handler = await loadHandler('enroll', sandbox.env({ STANDBY_TOKEN_SECRET_ID: 'standby' }));
  const result = await handler({}, lambdaContext({ getRemainingTimeInMillis: () => 180_000 }));

  expect(result).toMatchObject({ tokens: { enrolled: 3, undecided: 0 } });
  const entries = sandbox.s3.objects('registry/').map(({ body }) => JSON.parse(body));
  expect(entries.map(({ api_key_id, source }) => [api_key_id, source]).sort()).toEqual(
    [
      [key.api_key_id, 'enrolled'],
      [sandbox.admin.api_key_id, 'own'],
      [standby.api_key_id, 'own'],
    ].sort(),
  );
  for (const { experiment } of entries) expect(experiment.log10).toBeGreaterThan(experiment.bound_log10);
  const stored = sandbox.s3
    .objects()
    .map(({ body }) => body)
    .join('\n');
  for (const { token } of [key, standby, sandbox.admin]) {
    expect(output.text() + stored).not.toContain(token.slice(4));
  }
}, 240_000);
