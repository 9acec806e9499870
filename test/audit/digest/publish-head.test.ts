import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { schemaFindings } from '../../../cli/audit/verify/record-findings.ts';
import { findHeads, formatHead } from '../../../lib/audit/digest/format.ts';
import { headPublisher } from '../../../lib/audit/digest/publish-head.ts';
import { draft } from '../../../lib/audit/digest/write-digests.ts';
import { captureOutput, type Output } from '../../support/load-handler.ts';

const head = { day: '2026-07-30', sha256: 'a'.repeat(64) };
const shards = { refs: [], counts: { records: 2, plans: 1 }, anomalies: 0 };
const digest = draft(head.day, shards, undefined, 'audit', Date.parse('2026-07-31T00:30:00Z'));
const context = { region: 'eu-central-1', requestId: 'r-1' };
let output: Output;
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => {
  vi.useRealTimers();
  output.restore();
});

test('a head goes to people and to the SIEM, and is found in both', async () => {
  const mails: [subject: string, text: string][] = [];
  const posts: string[] = [];
  const publish = headPublisher({
    notify: async (...mail) => void mails.push(mail),
    forward: { post: async (body) => posts.push(body) > 0 },
    context,
    deadline: Date.now() + 5_000,
  });
  await publish(head, digest);

  expect(mails).toEqual([['Audit log of 2026-07-30 signed', expect.stringContaining('2 records, 1 plans')]]);
  expect(findHeads(mails[0]?.[1] ?? '')).toEqual([head]);
  expect(findHeads(posts[0] ?? '')).toEqual([head]);
  expect(schemaFindings('digest', posts[0] ?? '')).toEqual([]);
  expect(JSON.parse(posts[0] ?? '')).toMatchObject({ is_alert: false, unmapped: { head: formatHead(head) } });
});

test('a late day and anomalies are an alert', async () => {
  const mails: string[] = [];
  const posts: string[] = [];
  const publish = headPublisher({
    notify: async (subject) => void mails.push(subject),
    forward: { post: async (body) => posts.push(body) > 0 },
    context,
    deadline: Date.now() + 5_000,
  });
  await publish(head, { ...digest, late: true, anomalies: 3 });

  expect(mails).toEqual(['Audit log of 2026-07-30 signed, late, 3 anomalies']);
  await publish(head, { ...digest, anomalies: 3 });
  expect(mails.at(-1)).toBe('Audit log of 2026-07-30 signed, 3 anomalies');
  expect(JSON.parse(posts[0] ?? '')).toMatchObject({ is_alert: true, severity: 'High' });
  expect(schemaFindings('digest', posts[0] ?? '')).toEqual([]);
});

test('a SIEM that does not take it raises the alarm, and the day stays signed', async () => {
  const publish = headPublisher({
    forward: { post: async () => false },
    context,
    deadline: Date.now() + 5_000,
  });
  await publish(head, digest);

  expect(output.counted()).toEqual(['HeadNotForwarded']);
  expect(output.entries()).toContainEqual(
    expect.objectContaining({
      level: 'error',
      message: 'the head of a digest was not forwarded',
      head: formatHead(head),
    }),
  );
});

describe('a SIEM that fails once', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 0, toFake: ['Date', 'setTimeout'] });
  });

  test.each([
    ['is tried once more after half a minute, when the time allows', 62_000, 2, []],
    ['is not tried again when little time is left', 61_999, 1, ['HeadNotForwarded']],
  ])('%s', async (_, deadline, times, counted) => {
    const posts: [deadline: number, at: number][] = [];
    const post = async (_body: string, until: number) => posts.push([until, Date.now()]) > 1;
    const published = headPublisher({ forward: { post }, context, deadline })(head, digest);
    await vi.runAllTimersAsync();
    await published;

    expect(posts).toEqual(
      [
        [deadline, 0],
        [deadline, 31_000],
      ].slice(0, times),
    );
    expect(output.counted()).toEqual(counted);
  });
});

test('without a SIEM nothing is posted, and no alarm is raised', async () => {
  await headPublisher({ context, deadline: Date.now() + 5_000 })(head, digest);

  expect(output.entries()).toEqual([]);
});

describe('the mail of a head', () => {
  const mailOf = async (given: Partial<typeof digest>): Promise<string[]> => {
    const texts: string[] = [];
    const notify = async (_subject: string, text: string) => void texts.push(text);
    await headPublisher({ notify, context, deadline: Date.now() + 5_000 })(head, { ...digest, ...given });
    return texts.flatMap((text) => text.split('\n'));
  };
  const late = expect.stringContaining('signed more than a day after');
  const anomalies = expect.stringContaining('more than one version');

  test('begins with it, and says what the day has', async () => {
    const lines = await mailOf({});

    expect([lines[0], lines[1]]).toEqual([formatHead(head), '']);
    expect(lines.slice(-2)).toEqual(['', 'Objects of the day: 2 records, 1 plans.']);
  });

  test('says that a day has nothing', async () => {
    expect((await mailOf({ counts: {} })).at(-1)).toBe('Objects of the day: none.');
  });

  test('says what is strange', async () => {
    expect((await mailOf({ late: true })).at(-1)).toEqual(late);
    expect((await mailOf({ anomalies: 1 })).at(-1)).toEqual(anomalies);
    expect((await mailOf({ late: true, anomalies: 1 })).slice(-2)).toEqual([late, anomalies]);
  });
});
