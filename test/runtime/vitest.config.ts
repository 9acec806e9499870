import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/runtime/**/*.test.ts'],
    globalSetup: 'test/runtime/setup.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
