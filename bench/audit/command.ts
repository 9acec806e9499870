import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../../cli/bin.cjs', import.meta.url));
const PEAK = new URL('./peak.ts', import.meta.url).href;

/** A command that ended. */
export interface RanCommand {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds, the start of the process included. */
  readonly ms: number;
  /** MiB, the most that the process held resident. */
  readonly peakMib: number;
}

/** Runs `devin-key-revoker <args>` in a process of its own. */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<RanCommand> {
  const begun = performance.now();
  const child = spawn(process.execPath, ['--max-semi-space-size=4', '--import', PEAK, BIN, ...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, ...pipes] = child.stdio;
  const texts = ['', '', ''];
  for (const [at, pipe] of pipes.entries()) {
    pipe?.on('data', (chunk: Buffer) => {
      texts[at] += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout = '', stderr = '', peak = ''] = texts;
  return { code, stdout, stderr, ms: performance.now() - begun, peakMib: Number(peak) / 1_024 };
}
