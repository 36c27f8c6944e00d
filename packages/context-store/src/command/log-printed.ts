/** Logs a print. `printed` is an error whose stack shows where it happened. */
export type LogPrinted = (level: 'debug' | 'warn', printed: Error, message: string) => void;

/**
 * Sends prints of libraries and warnings of Node.js to the log from now on. A standard output that carries a protocol
 * or a log may hold nothing else. Logs only printed errors, not texts, because a text may quote callers.
 *
 * @param divertStdout registers a receiver for texts that libraries write to a standard output that carries a protocol
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
