import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { describeAuditLog } from './describe-audit-log.ts';
import { describeDeployment, describeResources } from './describe-deployment.ts';
import { describeOperations } from './describe-operations.ts';
import { describePermissions } from './describe-permissions.ts';
import { describeReports } from './describe-reports.ts';
import { describeSweeps } from './describe-sweeps.ts';
import { type Scene, startScene } from './scene.ts';

const python = inject('python');

// One stack for all, in this order: what the first parts leave in the bucket is signed, verified and kept by the later ones.
describe.skipIf(python === undefined)('the stack on an AWS emulator', () => {
  let scene: Scene;
  const now = () => scene;

  beforeAll(async () => {
    if (python !== undefined) scene = await startScene(python);
  });

  afterAll(() => scene?.stop());

  describeResources(now);
  describeReports(now);
  describeOperations(now);
  describeSweeps(now);
  describeAuditLog(now);
  describePermissions(now);
  describeDeployment(now);

  test('left no token in any log or object', async () => {
    const { emulator, keys, text, tokens } = scene;
    const objects = await Promise.all((await keys()).map(async (key) => key + (await text(key))));

    expect(emulator.log.length).toBeGreaterThan(100);
    expect(objects.length).toBeGreaterThan(50);
    expect(tokens.length).toBeGreaterThan(5);
    for (const token of tokens) {
      expect([...emulator.log, ...objects].filter((line) => line.includes(token))).toEqual([]);
    }
  });
});
