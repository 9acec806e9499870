import { expect, test } from 'vitest';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';

/**
 * The statements that this suite needs: without one of them, what it drives would have been refused. Lambda itself makes
 * the calls that `Log` and, but for `ChangeMessageVisibility`, `TakeReports` and `GoOn` allow; MiniStack checks none of them.
 */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  WebhookRole: ['ReadWebhookSecret', 'QueueReport'],
  RevokeRole: ['ReadTokens', 'TakeReports', 'WriteAndReadRecords', 'TellMissingFromForbidden'],
  SweepKeysRole: [
    'ReadTokens',
    'QueueRevocations',
    'GoOn',
    'WriteAndReadPlans',
    'TellMissingFromForbidden',
    'Notify',
  ],
  SweepAlertsRole: ['ReadGithubToken', 'QueueReport', 'ReadRecords'],
  DigestRole: ['ListBucket', 'ReadAll', 'WriteDigests', 'Sign'],
  ReconcileRole: ['ListBucket', 'ReadRecords', 'QueueAgain'],
};

/** What the policy evaluator decided on the calls that the functions made meanwhile. */
export function describePermissions(scene: () => Scene): void {
  /** `devin-key-revoker-emulator-WebhookRole-67CF2F1579EF2` is the role `WebhookRole`. */
  const logicalId = (role: string) => role.slice(STACK.length + 1).replace(/-[^-]+$/, '');

  test('no function was refused anything', async () => {
    const decisions = await scene().emulator.decisions();

    expect(decisions.filter(({ decision }) => decision === 'refused')).toEqual([]);
  });

  test.each(Object.entries(NEEDED))('%s uses its statements', async (id, needed) => {
    const decisions = await scene().emulator.decisions();
    const used = new Set(decisions.filter(({ role }) => logicalId(role) === id).map(({ sid }) => sid));

    expect(needed.filter((sid) => !used.has(sid))).toEqual([]);
  });
}
