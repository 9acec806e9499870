import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type BuildOptions, build as bundle } from 'esbuild';
import type { ScenarioName } from './scenarios.ts';

/** A process that is measured. */
export interface Peer {
  readonly name: string;
  readonly label: string;
  readonly command: readonly string[];
  /** Sends ready-made requests instead of working on the event. */
  readonly takesRounds?: boolean;
  /** Keeps to the essential requests. */
  readonly isPlain?: boolean;
  /** Sends nothing at all. */
  readonly isSilent?: boolean;
}

const ROOT = join(import.meta.dirname, '..');
// Inside the project, so that what is not bundled finds node_modules.
const OUT = join(ROOT, 'dist', 'bench');
const INVOKE = join(import.meta.dirname, 'peers', 'invoke.cjs');
const functionOptions: () => BuildOptions = createRequire(import.meta.url)('../esbuild.config.cjs');

/** Builds everything that runs; nothing is compiled while it is measured. */
export async function buildPeers() {
  mkdirSync(OUT, { recursive: true });
  const plainOptions: BuildOptions = { platform: 'node', target: 'node24', format: 'cjs', logLevel: 'error' };
  const build = async (name: string, source: string, options: BuildOptions): Promise<string> => {
    const outfile = join(OUT, `${name}.cjs`);
    await bundle({ ...options, entryPoints: [join(ROOT, source)], outfile });
    return outfile;
  };
  return {
    revoke: await build('revoke', 'handlers/revoke.ts', functionOptions()),
    webhook: await build('webhook', 'handlers/webhook.ts', functionOptions()),
    idle: await build('idle', 'bench/peers/idle.ts', plainOptions),
    empty: await build('empty', 'bench/peers/empty.ts', plainOptions),
    bare: await build('bare', 'bench/peers/bare.ts', plainOptions),
    plain: await build('plain', 'bench/peers/plain.ts', { ...plainOptions, bundle: true, minify: true }),
    plainUnbundled: await build('plain-unbundled', 'bench/peers/plain.ts', plainOptions),
    warm: join(import.meta.dirname, 'peers', 'warm.cjs'),
  };
}
export type Built = Awaited<ReturnType<typeof buildPeers>>;

export const bundleSizes = (built: Built): Record<string, number> =>
  Object.fromEntries(
    (['revoke', 'webhook', 'plain'] as const).map((name) => [name, statSync(built[name]).size]),
  );

/** The worker or the webhook first, then what it is held against. */
export function peersOf(scenario: ScenarioName, built: Built, python: string | undefined): Peer[] {
  const node = (file: string) => [process.execPath, INVOKE, file];
  const idle = {
    name: 'idle',
    label: 'floor: a process that only waits',
    command: node(built.idle),
    isSilent: true,
  };
  const bare = {
    name: 'bare',
    label: 'bare node:https rounds',
    command: node(built.bare),
    takesRounds: true,
  };
  const webhook = { name: 'webhook', label: 'this webhook', command: node(built.webhook) };
  const empty = {
    name: 'empty',
    label: 'an empty handler that does not wait',
    command: node(built.empty),
    isSilent: true,
  };
  switch (scenario) {
    case 'keys':
      return [
        { name: 'worker', label: 'this worker', command: node(built.revoke) },
        idle,
        bare,
        { name: 'plain', label: 'plain Lambda, bundled', command: node(built.plain), isPlain: true },
        {
          name: 'plainUnbundled',
          label: 'plain Lambda, not bundled',
          command: node(built.plainUnbundled),
          isPlain: true,
        },
        ...(python === undefined
          ? []
          : [
              {
                name: 'boto3',
                label: 'Python with boto3',
                command: [python, join(import.meta.dirname, 'peers', 'plain.py')],
                isPlain: true,
              },
            ]),
      ];
    case 'alert':
      return [{ name: 'worker', label: 'this worker', command: node(built.revoke) }, idle, bare];
    case 'webhook':
      return [webhook, { ...idle, label: 'an empty handler that waits as long' }, bare, empty];
    default:
      return scenario satisfies never;
  }
}

/** The command of a Python that has boto3, or why there is none. */
export function findPython(): { status: 'found'; command: string } | { status: 'missing'; reason: string } {
  const probe = 'import boto3, sys; print(sys.version.split()[0], boto3.__version__)';
  for (const python of ['python3', 'python']) {
    const { status, stderr } = spawnSync(python, ['-c', probe], { encoding: 'utf8' });
    if (status === 0) return { status: 'found', command: python };
    if (stderr?.includes('boto3'))
      return { status: 'missing', reason: `${python} has no boto3 (pip install boto3)` };
  }
  return { status: 'missing', reason: 'there is no Python' };
}
