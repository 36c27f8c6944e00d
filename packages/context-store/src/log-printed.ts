/** Takes what was printed, as an error that says where, and a sentence for people. */
export type LogPrinted = (level: 'debug' | 'warn', printed: Error, message: string) => void;

/**
 * From now on, what libraries print and what Node.js warns of goes to the log: nothing else may be on a standard output
 * that belongs to a protocol, or between the lines of a log. Of what is printed only errors are passed on, for a text may
 * quote what a caller wrote.
 */
export function logPrinted(log: LogPrinted): void {
  for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
    const level = method === 'error' || method === 'warn' ? 'warn' : 'debug';
    globalThis.console[method] = (...given: readonly unknown[]) => {
      const error = given.find((value) => value instanceof Error);
      log(level, error ?? new Error('a text, which is left out'), 'A library printed something');
    };
  }
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log('warn', warning, 'Node.js warns'));
}
