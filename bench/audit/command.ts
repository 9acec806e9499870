import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Used } from './used.ts';

const BIN = fileURLToPath(new URL('../../cli/bin.cjs', import.meta.url));
const REPORT_USED = new URL('./report-used.ts', import.meta.url).href;

/** A command that ended. */
export interface RanCommand extends Used {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Milliseconds, the start of the process included. */
  readonly ms: number;
}

/** Runs `devin-key-revoker <args>` in a process of its own. */
export async function runCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<RanCommand> {
  const begun = performance.now();
  // As the first line of the program sets it.
  const flags = ['--max-semi-space-size=8', '--import', REPORT_USED];
  const child = spawn(process.execPath, [...flags, BIN, ...args], {
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
  const [stdout = '', stderr = '', own = ''] = texts;
  const { cpuSeconds, peakMib }: Used = JSON.parse(own);
  return { code, stdout, stderr, ms: performance.now() - begun, peakMib, cpuSeconds };
}
