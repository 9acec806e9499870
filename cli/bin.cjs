#!/usr/bin/env node
// CommonJS of any age, so that an old Node can say what it lacks.
require('../check-node.cjs');
if (process.exitCode === undefined) import('./main.ts');
