#!/usr/bin/env -S node --max-semi-space-size=8
// CommonJS of any age, so that an old Node can say what it lacks.
require('../check-node.cjs');
if (process.exitCode === undefined) {
  // A log is read as a stream, so that little is kept: collect what is done with before the heap has grown by a quarter.
  require('node:v8').setFlagsFromString('--heap-growing-percent=25');
  import('./main.ts');
}
