// Loaded before a command by `node --import`: what it used goes to file descriptor 3 when it ends.
import { writeSync } from 'node:fs';
import { used } from './used.ts';

process.on('exit', () => writeSync(3, JSON.stringify(used())));
