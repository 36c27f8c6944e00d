import { diag, DiagLogLevel, type DiagLogger } from '@opentelemetry/api';
import { setGlobalErrorHandler } from '@opentelemetry/core';

/** The most different messages that are logged, which bounds memory and the log. */
const mostMessages = 50;

/** Gives the SDK of this process a log. Only failed exports reach the SDK's error handler; their reports log them. */
export function installDiagLog(log: (line: string) => void): DiagLog {
  const diagLog = new DiagLog(log);
  diag.setLogger(diagLog, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  setGlobalErrorHandler(() => undefined);
  return diagLog;
}

/**
 * Receives the SDK's own log. Each warning and each error becomes one line, once. What `ExportReport` covers has no line
 * here: an answer that the SDK cannot read, and dropped spans. The SDK reports these two by warnings alone.
 */
export class DiagLog implements DiagLogger {
  readonly #log: (line: string) => void;
  readonly #logged = new Set<string>();
  #isAnswerOdd = false;
  /** Called with the number of dropped spans, once the queue has room again. */
  onDroppedSpans: (spans: string) => void = () => undefined;

  constructor(log: (line: string) => void) {
    this.#log = log;
  }

  /**
   * Returns true if the SDK has warned of an answer since the last call. The SDK counts the export as a success: it warns,
   * and then calls back before anything else runs.
   */
  takeOddAnswer(): boolean {
    const isOdd = this.#isAnswerOdd;
    this.#isAnswerOdd = false;
    return isOdd;
  }

  warn = (...parts: unknown[]): void => {
    const text = parts.map(textOf).filter(Boolean).join(' ');
    if (/ response\b/i.test(text)) {
      this.#isAnswerOdd = true;
      return;
    }
    // The exporter answers later all the same, and its answer is reported.
    if (/metrics export timed out/.test(text)) return;
    const [, dropped] = /Dropped (\d+) spans because maxQueueSize/.exec(text) ?? [];
    if (dropped !== undefined) this.onDroppedSpans(dropped);
    else if (!this.#logged.has(text) && this.#logged.size < mostMessages) {
      this.#logged.add(text);
      this.#log(`OpenTelemetry: ${text}`);
    }
  };

  error = this.warn;
  info = (): void => undefined;
  debug = (): void => undefined;
  verbose = (): void => undefined;
}

/** Leaves out objects, which may hold anything. */
const textOf = (part: unknown): string => (typeof part === 'string' ? part : part instanceof Error ? part.message : '');
