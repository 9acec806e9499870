import { describe, expect, test } from 'vitest';
import { allowsOf } from './ablate-template.ts';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';
import type { Decision } from './start-emulator.ts';

/** `devin-key-revoker-emulator-WebhookRole-67CF2F1579EF2` is the role `WebhookRole`. */
const logicalId = (role: string): string => role.slice(STACK.length + 1).replace(/-[^-]+$/, '');

/** `RevokeRole.Notify`; the key that signs has a policy of its own. */
const usedBy = ({ role, sid }: Decision): string =>
  sid === 'Sign' ? `AuditKey.${sid}` : `${logicalId(role)}.${sid}`;

/** What an ablation reads of each test: the statements that allowed something, and the roles that were refused something. */
export function permissionsIn(decisions: readonly Decision[]): { used: string[]; refused: string[] } {
  const allowed = decisions.filter(({ decision }) => decision === 'allowed');
  const refused = decisions.filter(({ decision }) => decision === 'refused');
  return {
    used: [...new Set(allowed.map(usedBy))],
    refused: [...new Set(refused.map(({ role }) => logicalId(role)))],
  };
}

/** What the policy evaluator decided on the calls that roles made, those of Lambda and Scheduler for them included. */
export function describePermissions(scene: () => Scene): void {
  describe('least privilege, by what was driven', () => {
    test('nothing was refused to any role', async () => {
      const decisions = await scene().emulator.decisions();

      expect(decisions.filter(({ decision }) => decision === 'refused')).toEqual([]);
    });

    test('each statement that allows something was used', async () => {
      const used = new Set((await scene().emulator.decisions()).map(usedBy));
      const all = allowsOf(scene().stack.resources());

      expect(all.length).toBeGreaterThan(40);
      expect(all.filter((name) => !used.has(name))).toEqual([]);
    });
  });
}
