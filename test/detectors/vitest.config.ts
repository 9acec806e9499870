import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/detectors/**/*.test.ts'],
    globalSetup: 'test/detectors/setup.ts',
    testTimeout: 60_000,
  },
});
