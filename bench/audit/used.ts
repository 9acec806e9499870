import { readFileSync } from 'node:fs';

/** What a process used. */
export interface Used {
  /** MiB, the most that it held resident. */
  readonly peakMib: number;
  /** Seconds of processor time, the start of the process included. */
  readonly cpuSeconds: number;
}

/** What this process used so far. Linux only. */
export function used(): Used {
  // By the kernel. `maxRSS` would count what the parent held when it forked.
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const { system, user } = process.cpuUsage();
  return { peakMib: Number(kib) / 1_024, cpuSeconds: (system + user) / 1e6 };
}
