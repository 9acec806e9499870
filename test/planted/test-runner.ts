import { join } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import { type CaughtBy, titlePattern } from './planted-bug.ts';

/** What tests came to. */
export interface TestRun {
  readonly passed: number;
  /** Their full titles. */
  readonly failed: readonly string[];
  /** Files that could not be loaded, or failed outside of a test. */
  readonly broken: readonly string[];
}

export interface TestRunner {
  /** Has a file of the project loaded anew, since it changed. */
  reload(file: string): void;
  /** Runs the tests with these titles, and no other of their files. */
  run(tests: readonly CaughtBy[]): Promise<TestRun>;
  close(): Promise<void>;
}

/** One vitest for many runs, as starting it takes longer than most of them. @param root of the project */
export async function testRunner(root: string): Promise<TestRunner> {
  const vitest = await createVitest({
    root,
    watch: false,
    reporters: [{}],
    maxWorkers: 2,
    testTimeout: 20_000,
    passWithNoTests: true,
  });
  await vitest.standalone();
  return {
    reload: (file) => vitest.invalidateFile(join(root, file)),
    async run(tests) {
      vitest.setGlobalTestNamePattern(new RegExp(tests.map(({ title }) => titlePattern(title)).join('|')));
      const project = vitest.getRootProject();
      const files = [...new Set(tests.map(({ file }) => join(root, file)))];
      const { testModules } = await vitest.runTestSpecifications(
        files.map((file) => project.createSpecification(file)),
      );
      // The answer has the files of earlier runs too.
      return summary(testModules.filter(({ moduleId }) => files.includes(moduleId)));
    },
    close: () => vitest.close(),
  };
}

function summary(modules: readonly TestModule[]): TestRun {
  const tests = modules.flatMap((module) => [...module.children.allTests()]);
  const withState = (state: 'passed' | 'failed') => tests.filter((test) => test.result().state === state);
  return {
    passed: withState('passed').length,
    failed: withState('failed').map(({ fullName }) => fullName),
    broken: modules.flatMap((module) =>
      module.errors().map(({ message }) => `${module.relativeModuleId}: ${message}`),
    ),
  };
}
