import { afterEach, expect, test } from 'vitest';
import {
  digestKey,
  type Entry,
  formatHead,
  headOf,
  readDigest,
  readShard,
} from '../../../lib/audit/digest/format.ts';
import { type AuditLog, atTime, emptyLog, LOG_DAYS, threeDays } from '../../support/audit-log.ts';
import { TAMPERINGS } from '../../support/tampered-log.ts';

type Log = Awaited<ReturnType<typeof emptyLog>>;
const [FIRST, SECOND, THIRD] = LOG_DAYS;
let log: Log;
afterEach(() => log.stop());

const textOf = ({ sandbox }: AuditLog, key: string): string => sandbox.s3.get(key)?.body ?? expect.fail(key);
const digestOf = (day: string) =>
  readDigest(textOf(log, digestKey(day)))?.digest ?? expect.fail(`no digest of ${day}`);
const entriesOf = (day: string): Entry[] =>
  digestOf(day).shards.flatMap(({ key }) => readShard(textOf(log, key))?.entries ?? expect.fail(key));
const keysOf = (day: string): string[] => entriesOf(day).map(({ key }) => key);

test('signs each day in order, with the hash of the day before, and sends its head out', async () => {
  log = await threeDays();

  expect(digestOf(FIRST)).toMatchObject({
    previous: null,
    late: false,
    anomalies: 0,
    counts: { records: 3 },
  });
  expect(digestOf(SECOND)).toMatchObject({
    previous: { key: digestKey(FIRST), sha256: headOf(FIRST, textOf(log, digestKey(FIRST))).sha256 },
    late: false,
    from: '2026-07-31T00:00:00.000Z',
    to: '2026-08-01T00:00:00.000Z',
  });
  expect(log.heads.map(formatHead)).toEqual(
    LOG_DAYS.map((day) => formatHead(headOf(day, textOf(log, digestKey(day))))),
  );
});

test('lists the version of each object, and neither notes nor digests', async () => {
  log = await threeDays();

  expect(entriesOf(SECOND)).toEqual([
    expect.objectContaining({
      key: expect.stringMatching(/10-intent\.json$/),
      version_id: expect.any(String),
    }),
    expect.objectContaining({ key: expect.stringMatching(/30-delete-[^/]+\.json$/) }),
    expect.objectContaining({ key: expect.stringMatching(/90-outcome\.json$/) }),
  ]);
});

test('has nothing to do when it runs again', async () => {
  log = await threeDays();

  expect(await log.digestAt(atTime('2026-08-02', '00:45:00'))).toEqual({ days: [] });
});

test('waits until a day is over by a quarter of an hour', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '23:59:00'));

  expect(await log.digestAt(atTime(SECOND, '00:10:00'))).toEqual({ days: [] });
  expect(await log.digestAt(atTime(SECOND, '00:30:00'))).toEqual({ days: [FIRST] });
});

test('begins on the first day on which anything was stored, not on that of an old report', async () => {
  log = await emptyLog();
  const old = 'records/date=2024-02-01/github/acme/webshop/1/created/20240201T000000000Z/90-outcome.json';
  log.sandbox.s3.owner.write(log.bucket, old, '{}', atTime(SECOND, '10:00:00'));
  const note = `index/stored/date=${SECOND}/${old}`;
  log.sandbox.s3.owner.write(log.bucket, note, '{}', atTime(SECOND, '10:00:00'));

  expect(await log.digestAt(atTime(THIRD, '00:30:00'))).toEqual({ days: [SECOND] });
  expect(keysOf(SECOND)).toEqual([old]);
});

test('signs a day without anything too, so that the chain has no gap', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '12:00:00'));
  await log.digestAt(atTime(SECOND, '00:30:00'));
  await log.digestAt(atTime(THIRD, '00:30:00'));

  expect(digestOf(SECOND)).toMatchObject({ shards: [], counts: {}, anomalies: 0 });
});

test('goes on when the answer to a put is lost, and when the store is down for a moment', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '12:00:00'));
  log.sandbox.s3.fault({ operation: 'PutObject', reset: 'after' });
  log.sandbox.s3.fault({ operation: 'PutObject', status: 503 });
  log.sandbox.s3.fault({ operation: 'GetObject', status: 503 });
  log.sandbox.s3.fault({ operation: 'ListObjectVersions', status: 503 });

  expect(await log.digestAt(atTime(SECOND, '00:30:00'))).toEqual({ days: [FIRST] });
  expect(log.heads).toHaveLength(1);
});

test('leaves a day unsigned when its key does not sign, and signs it in the next run', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '12:00:00'));
  log.sandbox.kms.fault({ status: 400, times: Number.POSITIVE_INFINITY });
  await expect(log.digestAt(atTime(SECOND, '00:30:00'))).rejects.toMatchObject({ name: 'KmsError' });
  log.sandbox.kms.clearFaults();

  expect(await log.digestAt(atTime(SECOND, '01:30:00'))).toEqual({ days: [FIRST] });
  expect(digestOf(FIRST)).toMatchObject({ late: false, counts: { records: 3 } });
});

test('says of a day that it was signed late when runs were missed', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '12:00:00'));
  await log.leakAt(atTime(SECOND, '12:00:00'));
  await log.digestAt(atTime('2026-08-02', '00:30:00'));

  expect(digestOf(FIRST)).toMatchObject({ late: true, created_at: expect.stringMatching(/^2026-08-02/) });
  // Within a day of its end, though the day before was late.
  expect(digestOf(SECOND)).toMatchObject({ late: true });
  expect(digestOf(THIRD)).toMatchObject({ late: false });
  expect(log.output.counted()).toContain('DigestLate');
});

test('does not sign in order what an insider removed together with its digests', async () => {
  log = await threeDays();
  const tampering =
    TAMPERINGS.find(({ name }) => name.includes('incident')) ?? expect.fail('no such tampering');
  const before = log.heads.map(formatHead);
  await tampering.tamper(log);

  expect(LOG_DAYS.map((day) => digestOf(day).late)).toEqual([false, true, true]);
  expect(log.heads.slice(before.length).some((head) => before.includes(formatHead(head)))).toBe(false);
});

test('counts a record with a newer version, and one behind a delete marker', async () => {
  log = await emptyLog();
  await log.leakAt(atTime(FIRST, '12:00:00'));
  const [intent, , outcome] = log.sandbox.s3.objects(`records/date=${FIRST}/`);
  if (intent === undefined || outcome === undefined) throw new Error('no records');
  log.sandbox.s3.owner.write(log.bucket, intent.key, '{}', atTime(FIRST, '13:00:00'));
  log.sandbox.s3.owner.hide(log.bucket, outcome.key);
  await log.digestAt(atTime(SECOND, '00:30:00'));

  expect(digestOf(FIRST).anomalies).toBe(2);
  expect(entriesOf(FIRST)).toHaveLength(5);
  expect(entriesOf(FIRST).filter(({ sha256 }) => sha256 === null)).toHaveLength(1);
  expect(log.output.counted()).toContain('AuditAnomaly');
});

test.each(TAMPERINGS)('is not hindered by somebody who did this: $name', async ({ tamper }) => {
  log = await threeDays();
  const before = JSON.stringify(log.sandbox.s3.objects());
  await tamper(log);

  expect(JSON.stringify(log.sandbox.s3.objects())).not.toBe(before);
  await log.leakAt(atTime('2026-08-04', '12:00:00'));
  expect((await log.digestAt(atTime('2026-08-05', '00:30:00'))).days).toContain('2026-08-04');
});
