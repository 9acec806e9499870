import { describe, expect, test } from 'vitest';
import { type Allow, allowsOf } from './ablate-template.ts';
import { STACK } from './deploy-stack.ts';
import type { Scene } from './scene.ts';
import type { Decision } from './start-emulator.ts';

/** `devin-key-revoker-emulator-WebhookRole-67CF2F1579EF2` is the role `WebhookRole`. */
const logicalId = (role: string): string => role.slice(STACK.length + 1).replace(/-[^-]+$/, '');

/** What an ablation reads of each test: the statements that allowed something, and the roles that were refused something. */
export function permissionsIn(
  decisions: readonly Decision[],
  allows: readonly Allow[],
): { used: string[]; refused: string[] } {
  const allowed = decisions.filter(({ decision }) => decision === 'allowed');
  const by = new Set(allowed.map(({ role, sid }) => `${logicalId(role)} ${sid}`));
  const refused = decisions.filter(({ decision }) => decision === 'refused');
  return {
    used: allows.filter(({ role, sid }) => by.has(`${role} ${sid}`)).map(({ name }) => name),
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
      const all = allowsOf(scene().stack.resources());
      const { used } = permissionsIn(await scene().emulator.decisions(), all);

      expect(all.length).toBeGreaterThan(40);
      expect(all.map(({ name }) => name).filter((name) => !used.includes(name))).toEqual([]);
    });
  });
}
