import { expect, test } from 'vitest';
import type { Scene } from './scene.ts';

export function describePermissions(scene: () => Scene): void {
  test('roles', async () => {
    const ds = await scene().emulator.decisions();
    const s = new Map<string, number>();
    for (const d of ds) {
      const k = `${d.role.replace(/.*emulator-/, '')} ${d.sid || '-'} ${d.action} ${d.decision}`;
      s.set(k, (s.get(k) ?? 0) + 1);
    }
    console.log(
      [...s]
        .sort()
        .map(([k, n]) => `${n} ${k}`)
        .join('\n'),
    );
    expect(1).toBe(1);
  });
}
