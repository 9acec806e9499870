import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/setup-path/**/*.test.ts'],
    globalSetup: 'test/aws-emulator/setup.ts',
    testTimeout: 90_000,
    hookTimeout: 240_000,
  },
});
