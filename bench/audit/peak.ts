// Loaded before a command by `node --import`: the most memory that it held, in KiB, goes to file descriptor 3 when it ends.
import { writeSync } from 'node:fs';

process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)));
