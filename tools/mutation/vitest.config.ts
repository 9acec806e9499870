import { defineConfig } from 'vitest/config';

/** The tests that a mutant has to be noticed by: those of its folder, named by run.ts. */
export default defineConfig({
  test: { include: process.env.TESTS?.split(' ') ?? [], testTimeout: 120_000 },
});
