import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';

const folder = join(import.meta.dirname, '../../.github/workflows');
const workflows = readdirSync(folder);

interface Job {
  readonly permissions?: Record<string, string>;
  readonly steps: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Record<string, unknown>;
  }[];
}
interface Workflow {
  readonly on: unknown;
  readonly permissions?: Record<string, string>;
  readonly jobs: Record<string, Job>;
}

/** The permissions beyond reading, each with what needs it. */
const MAY_WRITE: Record<string, string[]> = {
  'codeql.yml/analyze': ['security-events'],
  'scorecard.yml/analysis': ['security-events', 'id-token'],
  'release.yml/build': ['id-token', 'attestations'],
  'release.yml/publish': ['contents'],
};

describe.each(workflows)('the workflow %s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  const { jobs, on, permissions }: Workflow = parse(text);
  const steps = Object.values(jobs).flatMap((job) => job.steps);

  test('pins each action by the hash of a commit, and names its version', () => {
    for (const { uses } of steps.filter((step) => step.uses !== undefined)) {
      expect(uses).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/);
      expect(text).toMatch(new RegExp(`${uses} # v\\d+\\.\\d+\\.\\d+\\n`));
    }
  });

  test('may only read, except for the jobs that are known to write', () => {
    expect(Object.values(permissions ?? { all: 'write' }).filter((access) => access !== 'read')).toEqual([]);
    for (const [name, job] of Object.entries(jobs)) {
      const written = Object.entries(job.permissions ?? {}).filter(([, access]) => access === 'write');
      expect(written.map(([scope]) => scope)).toEqual(MAY_WRITE[`${file}/${name}`] ?? []);
    }
  });

  test('leaves no credentials in the checkout', () => {
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'))) {
      expect(step.with).toMatchObject({ 'persist-credentials': false });
    }
  });

  test('runs no text of an event as a command, and nothing of a fork with our rights', () => {
    expect(JSON.stringify(on)).not.toMatch(/pull_request_target|workflow_run|issue_comment/);
    for (const { run = '' } of steps) expect(run).not.toContain('${{');
  });
});
