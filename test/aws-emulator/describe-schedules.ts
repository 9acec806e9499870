import { describe, expect, test } from 'vitest';
import { eventually, type Scene } from './scene.ts';

/** What EventBridge Scheduler starts, as the role that the schedules have. */
export function describeSchedules(scene: () => Scene): void {
  describe('a schedule that is due', () => {
    test.each([
      ['SweepKeysSchedule', 'plans/index/'],
      ['SweepAlertsSchedule', 'sweeps/alerts/'],
    ])('starts its function: %s', async (schedule, prefix) => {
      const { emulator, keys } = scene();
      const before = await keys(prefix);

      expect(await emulator.age({ schedule }, 2 * 86_400)).toBe(1);

      await eventually('something is stored', async () => (await keys(prefix)).length > before.length);
    });
  });
}
