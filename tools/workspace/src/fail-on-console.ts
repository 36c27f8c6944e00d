import { afterAll, afterEach } from 'vitest';

/**
 * Fails a test that prints. Output of passing tests hides the output that matters, and over stdio a forgotten
 * `console.log` breaks the protocol. A setup file: vitest loads it before every test file.
 */
const printed: string[] = [];

for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
  console[method] = (...values: unknown[]) => {
    printed.push(`console.${method}: ${values.map(String).join(' ')}`);
  };
}

// It throws after the test. At the call, the code under test could catch the error.
function refuseOutput(): void {
  const lines = printed.splice(0);
  if (lines.length > 0) throw new Error(`a test must not print:\n${lines.join('\n')}`);
}

afterEach(refuseOutput);
afterAll(refuseOutput);
