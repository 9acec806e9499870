import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/long/**/*.test.ts'],
    globalSetup: 'test/long/setup.ts',
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // The rows of the matrix wait most of the time.
    maxConcurrency: 40,
    // So do other files, so two share two processors.
    maxWorkers: 2,
  },
});
