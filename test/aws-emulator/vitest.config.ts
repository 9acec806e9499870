import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/aws-emulator/**/*.test.ts'],
    globalSetup: 'test/aws-emulator/setup.ts',
    testTimeout: 90_000,
    hookTimeout: 300_000,
    bail: 0,
  },
});
