import type { SerializedError } from 'vitest';
import type { Reporter, TestModule } from 'vitest/node';

/**
 * Ends a run with the line `N passed, N failed`, for programs that read the log. Errors outside of tests count as
 * failures: a file that does not load, a failing hook, an unhandled rejection.
 */
export default class TestCountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
    const groups = modules.flatMap((module) => [module, ...module.children.allSuites()]);
    const brokenGroups = groups.filter((group) => group.errors().length > 0);

    const passed = states.filter((state) => state === 'passed').length;
    const failed = states.filter((state) => state === 'failed').length + brokenGroups.length + unhandledErrors.length;
    process.stdout.write(`${passed} passed, ${failed} failed\n`);
  }
}
