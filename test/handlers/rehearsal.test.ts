import { describe, expect, test } from 'vitest';
import { deletedKeys } from '../../sandbox/observe.ts';
import { DONE, worker } from '../support/worker.ts';

const run = worker();
const writes = () =>
  [...run.sandbox.devin.requests, ...run.sandbox.github.requests].filter(({ method }) => method !== 'GET');

describe('a rehearsal', () => {
  test('of a leak says all that would have been done', async () => {
    const leak = run.sandbox.leak();
    const { api_key_id, service_user_id } = leak;

    expect(await run.invoke({ github_alert: leak.alert, dry_run: true })).toMatchObject({
      status: 'rehearsed',
      api_key_id,
      would_end: 'revoked',
      would_do: [
        `revoke API key ${api_key_id} of ${service_user_id}`,
        'prove it dead',
        'resolve alert 1 of acme/webshop',
        'record the outcome revoked',
      ],
    });
    expect(writes()).toEqual([]);
  });

  test.each(['token', 'ids', 'alert'])(
    'of an EventBridge event by %s changes nothing upstream',
    async (by) => {
      const { alert, api_key_id, service_user_id, token } = run.sandbox.leak();
      const leaks = {
        token: { token },
        ids: { service_user_id, api_key_id },
        alert: { github_alert: alert },
      };
      const event = {
        version: '0',
        id: 'event-1',
        'detail-type': 'Devin API key leaked',
        source: 'example.scanner',
        time: '2026-11-23T08:42:00Z',
        detail: { ...leaks[by as keyof typeof leaks], dry_run: true },
      };

      expect(await run.invoke(event)).toMatchObject({
        status: 'rehearsed',
        api_key_id,
        would_end: 'revoked',
      });
      expect(writes()).toEqual([]);
      expect(run.outcomes()).toEqual([]);
    },
  );

  test('by ids looks the key up', async () => {
    const leak = run.sandbox.leak({ keys: 2 });
    const gone = leak.others[0]?.api_key_id ?? '';
    run.sandbox.devin.revoke(gone);
    const { api_key_id, service_user_id } = leak;
    const rehearse = async (id: string) =>
      (await run.invoke({ service_user_id, api_key_id: id, dry_run: true })) as { would_end?: string };

    expect(await rehearse(api_key_id)).toMatchObject({ status: 'rehearsed', would_end: 'revoked' });
    expect(await rehearse(gone)).toMatchObject({ status: 'rehearsed', would_end: 'already_revoked' });
    expect(await rehearse('key-unknown')).toMatchObject({ status: 'rehearsed', would_end: 'not_found' });
    expect(writes()).toEqual([]);
  });

  test('of what a person must decide does not take the place of the outcome', async () => {
    const secret = run.sandbox.devin.createPersonalToken();
    const personal = run.sandbox.github.createAlert({ secret });

    expect(await run.deliver(personal, 1, { dry_run: true })).toEqual(DONE);

    expect(run.records()).toMatchObject([
      { name: '80-rehearsal.json', kind: 'rehearsal', status: 'rehearsed', would_end: 'escalated' },
    ]);
    expect(await run.deliver(personal)).toEqual(DONE);
    expect(run.outcomes()).toMatchObject([{ status: 'escalated' }]);
  });

  test('leaves the outcome to the real run, which deletes the key and closes the alert', async () => {
    const leak = run.sandbox.leak({ keys: 1 });
    run.sandbox.devin.fault({ operation: 'listServiceUserApiKeys', status: 401 });

    expect(await run.deliver(leak.alert, 1, { dry_run: true })).toEqual(DONE);
    expect(await run.deliver(leak.alert)).toEqual(DONE);

    expect(deletedKeys(run.sandbox)).toEqual([leak.api_key_id]);
    expect(run.records().map(({ name }) => name)).toEqual([
      '80-rehearsal.json',
      '10-intent.json',
      '30-delete.json',
      '70-alert.json',
      '90-outcome.json',
    ]);
    expect(run.outcomes()).toMatchObject([{ status: 'revoked' }]);
  });

  test('of an alert without a token and of a dead token writes nothing else either', async () => {
    const empty = run.sandbox.github.createAlert({ secret: 'nothing of ours', repo: 'api' });
    const leak = run.sandbox.leak();
    run.sandbox.devin.revoke(leak.api_key_id);

    expect(await run.deliver(empty, 1, { dry_run: true })).toEqual(DONE);
    expect(await run.deliver(leak.alert, 1, { dry_run: true })).toEqual(DONE);

    // The alerts are of an earlier day: each record has a note for the digest of today, which bears its name.
    const [notes, others] = [true, false].map((isNote) =>
      run.sandbox.s3.objects().filter(({ key }) => key.startsWith('index/stored/') === isNote),
    );
    expect(others?.map(({ key }) => key.split('/').at(-1))).toEqual([
      '80-rehearsal.json',
      '80-rehearsal.json',
    ]);
    expect(notes?.map(({ key }) => key.replace(/^index\/stored\/date=[^/]+\//, '')).sort()).toEqual(
      others?.map(({ key }) => key).sort(),
    );
    expect(run.records()).toMatchObject([{ would_end: 'escalated' }, { would_end: 'already_revoked' }]);
    expect(writes()).toEqual([]);
  });
});
