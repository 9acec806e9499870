import { expect, test } from 'vitest';
import { worker } from '../support/worker.ts';

const it = worker();
const values = (metric: string): unknown[] =>
  it.output.entries().flatMap((entry) => ('_aws' in entry && metric in entry ? [entry[metric]] : []));

test('the time to the proof that a new leak is dead is measured once, and the deliveries each report took', async () => {
  const { alert } = it.sandbox.leak();
  await it.deliver(alert, 3);
  await it.deliver(alert, 4);

  expect(it.outcomes()).toMatchObject([
    { exposure: { seconds_to_revoke: values('SecondsToRevoke')[0] ?? 'not measured' } },
  ]);
  expect(values('SecondsToRevoke')).toHaveLength(1);
  expect(values('Attempts')).toEqual([3, 4]);
});

test('what waits on purpose, such as an old alert, is not measured', async () => {
  await it.deliver(it.sandbox.leak().alert, 1, { redeliver: false });

  expect(it.outcomes()).toMatchObject([{ status: 'revoked' }]);
  expect(values('SecondsToRevoke')).toEqual([]);
});

test('a key that was dead before is not measured', async () => {
  const leak = it.sandbox.leak();
  it.sandbox.devin.revoke(leak.api_key_id);
  await it.deliver(leak.alert);

  expect(it.outcomes()).toMatchObject([{ status: 'already_revoked' }]);
  expect(values('SecondsToRevoke')).toEqual([]);
});
