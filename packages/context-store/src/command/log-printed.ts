/** Takes what was printed, as an error that says where, and a sentence for people. */
export type LogPrinted = (level: 'debug' | 'warn', printed: Error, message: string) => void;

/**
 * From now on, what libraries print and what Node.js warns of goes to the log: nothing else may be on a standard output
 * that belongs to a protocol, or between the lines of a log. Of what is printed only errors are passed on, for a text may
 * quote what a caller wrote.
 *
 * @param divertStdout hands over what is written to a standard output that belongs to a protocol
 */
export function logPrinted(log: LogPrinted, divertStdout?: (print: (text: string) => void) => void): void {
  const logText = (level: 'debug' | 'warn', error = new Error('a text, which is left out')): void =>
    log(level, error, 'A library printed something');
  divertStdout?.(() => logText('debug'));
  for (const method of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
    const level = method === 'error' || method === 'warn' ? 'warn' : 'debug';
    globalThis.console[method] = (...given: readonly unknown[]) => {
      logText(
        level,
        given.find((value) => value instanceof Error),
      );
    };
  }
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log('warn', warning, 'Node.js warns'));
}
