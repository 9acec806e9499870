import { fileURLToPath } from 'node:url';

// Run by run.ts, which names what is mutated (MUTATE) and which tests it takes (vitest.config.ts reads TESTS).

export default {
  plugins: [fileURLToPath(import.meta.resolve('@stryker-mutator/vitest-runner'))],
  testRunner: 'vitest',
  vitest: { configFile: 'tools/mutation/vitest.config.ts', related: false },
  mutate: process.env.MUTATE?.split(' ') ?? [],
  // Texts for people. What a program reads is a union, which the compiler holds.
  mutator: { excludedMutations: ['StringLiteral'] },
  coverageAnalysis: 'perTest',
  // A mutant of a constant at the top of a file would need the whole file to be loaded anew for each test.
  ignoreStatic: true,
  // It would rewrite the settings of TypeScript with its API, which version 7 does not have.
  tsconfigFile: 'none',
  concurrency: 1,
  timeoutMS: 5_000,
  tempDirName: '.stryker-tmp',
  ignorePatterns: [
    '/dist',
    '/.aws-emulator',
    '/.osls',
    '/release',
    '/.serverless',
    '/.sandbox',
    '/tools/mutation/node_modules',
    '/docs',
  ],
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: '.stryker-tmp/mutation.json' },
  cleanTempDir: 'always',
  allowEmpty: false,
};
