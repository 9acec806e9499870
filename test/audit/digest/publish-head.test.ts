import { afterEach, beforeEach, expect, test } from 'vitest';
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
afterEach(() => output.restore());

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
});
