import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: [
      'test/aws-emulator/**',
      'test/setup-path/**',
      'test/runtime/**',
      'test/package/**',
      'test/long/**',
      'test/detectors/**',
    ],
    testTimeout: 30_000,
    // Most tests wait for a stand-in, so more of them than processors can run.
    maxWorkers: 4,
  },
});
