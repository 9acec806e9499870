import { describe, expect, test } from 'vitest';
import { rehearse, type Subject } from '../../../cli/setup/rehearse.ts';
import { QueueError } from '../../../lib/aws/sqs.ts';
import { LeakReport } from '../../../lib/domain/report.ts';

const made: Subject = { kind: 'made_up_key', serviceUserId: 'service-user-abc' };
const alert: Subject = { kind: 'alert', alert: { owner: 'acme', repo: 'web', number: 42 } };

/** A rehearsal whose record is this text, or `undefined` as long as there is none. */
async function play(subject: Subject, text: string | undefined, deadline = Date.now()) {
  const sent: LeakReport[] = [];
  const paths: string[] = [];
  const finding = await rehearse(
    subject,
    {
      queue: { send: async (report) => void sent.push(report) },
      store: {
        get: async (path) => {
          paths.push(path);
          return { ok: true, text };
        },
      },
    },
    deadline,
  );
  return { finding, sent, paths };
}
const record = (would_end: string, more: object = {}) =>
  JSON.stringify({
    unmapped: { would_end, reason: `dry run: this would have ended as ${would_end}`, ...more },
  });

describe('a rehearsal', () => {
  test('is a dry run that is not repeated, of a key that cannot exist', async () => {
    const { finding, paths, sent } = await play(made, record('not_found'));

    expect(finding.status).toBe('ok');
    expect(sent).toHaveLength(1);
    expect(LeakReport.parse(sent[0])).toEqual(sent[0]);
    expect(sent[0]).toMatchObject({
      dry_run: true,
      redeliver: false,
      leak: {
        kind: 'key',
        service_user_id: 'service-user-abc',
        api_key_id: expect.stringMatching(/^setup-/),
      },
    });
    expect(paths).toEqual([
      expect.stringMatching(
        /^records\/date=\d{4}-\d\d-\d\d\/console\/setup-[0-9a-f-]{36}\/80-rehearsal\.json$/,
      ),
    ]);
  });

  test.each<[string, Subject, string, string]>([
    ['a key that cannot be looked up', made, record('failed'), 'missing'],
    ['a made-up key that is said to be revoked', made, record('revoked'), 'missing'],
    ['an alert whose key would be revoked', alert, record('revoked', { api_key_id: 'key_1' }), 'ok'],
    ['an alert whose key is dead already', alert, record('already_revoked'), 'ok'],
    ['an alert that a person must decide', alert, record('escalated'), 'missing'],
    ['a record of another form', alert, '{"unmapped":{}}', 'unknown'],
    ['a record that is not JSON', alert, '<html>', 'unknown'],
  ])('of %s', async (_title, subject, text, status) => {
    expect((await play(subject, text)).finding.status).toBe(status);
  });

  test('without a record in time is missing', async () => {
    expect((await play(made, undefined, Date.now() - 1)).finding).toMatchObject({
      status: 'missing',
      found: 'it was queued, and no record of it appeared in time',
    });
  });

  test('whose record cannot be read is unknown', async () => {
    const store = { get: async () => ({ ok: false, reason: 'HTTP 403' }) as const };
    const finding = await rehearse(made, { queue: { send: async () => {} }, store }, Date.now());
    expect(finding).toMatchObject({ status: 'unknown', found: expect.stringContaining('HTTP 403') });
  });

  test('that the queue refuses is unknown', async () => {
    const send = async () => {
      throw new QueueError('HTTP 403');
    };
    const store = { get: async () => ({ ok: true, text: undefined }) as const };
    expect(await rehearse(made, { queue: { send }, store }, Date.now())).toMatchObject({
      status: 'unknown',
      mend: expect.stringContaining('sqs:SendMessage'),
    });
  });
});
