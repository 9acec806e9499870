import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { allowsOf } from './ablate-template.ts';
import { describeAuditLog } from './describe-audit-log.ts';
import { describeDeployment, describeLogs, describeResources } from './describe-deployment.ts';
import { describeDrill } from './describe-drill.ts';
import { describeOperations } from './describe-operations.ts';
import { describePeople } from './describe-people.ts';
import { describePermissions, permissionsIn } from './describe-permissions.ts';
import { describeReports } from './describe-reports.ts';
import { describeSchedules } from './describe-schedules.ts';
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

  let known = 0;
  afterEach(async ({ task }) => {
    if (scene === undefined) return;
    const decisions = await scene.emulator.decisions();
    Object.assign(task.meta, permissionsIn(decisions.slice(known), allowsOf(scene.stack.resources())));
    known = decisions.length;
  });

  afterAll(() => scene?.stop());

  describeResources(now);
  describeReports(now);
  describeOperations(now);
  describeSweeps(now);
  describePeople(now);
  describeDrill(now);
  describeSchedules(now);
  describeAuditLog(now);
  describeLogs(now);
  describeDeployment(now);
  describePermissions(now);

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
