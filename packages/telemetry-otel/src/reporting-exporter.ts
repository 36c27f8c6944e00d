import { diag, DiagLogLevel } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

export interface ReportingExporterOptions {
  readonly exporter: SpanExporter;
  /** Where it exports to, for people. */
  readonly destination: string;
  /** Takes one line. */
  readonly log: (line: string) => void;
}

/** An exporter that says when spans cease to arrive, and when they arrive again: a line each, however many are lost. */
export class ReportingExporter implements SpanExporter {
  readonly #options: ReportingExporterOptions;
  #isInTrouble = false;
  /** The SDK warned of an answer, and yet counts the export as a success. */
  #isAnswerOdd = false;

  constructor(options: ReportingExporterOptions) {
    this.#options = options;
    // Of an answer that it cannot read, or that refuses spans; it also warns of a queue that was full.
    const hear = (...texts: unknown[]): void => {
      if (texts.some((text) => typeof text === 'string' && / response\b/i.test(text))) this.#isAnswerOdd = true;
    };
    const ignore = (): void => undefined;
    const logger = { error: ignore, warn: hear, info: ignore, debug: ignore, verbose: ignore };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#options.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.FAILED) this.report(reasonOf(result.error));
      else if (this.#isAnswerOdd) this.report('what answers there is no OTLP receiver, or refuses the spans');
      else this.#recover();
      this.#isAnswerOdd = false;
      done(result);
    });
  }

  /** Spans do not arrive. */
  report(reason: string): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#options.log(
      `Traces do not reach ${this.#options.destination} (${reason}): spans are lost, calls are served as before. Check that an OTLP receiver for HTTP listens there, and OTEL_EXPORTER_OTLP_ENDPOINT.`,
    );
  }

  #recover(): void {
    if (!this.#isInTrouble) return;
    this.#isInTrouble = false;
    this.#options.log(`Traces reach ${this.#options.destination} again.`);
  }

  forceFlush(): Promise<void> {
    return this.#options.exporter.forceFlush?.() ?? Promise.resolve();
  }

  shutdown(): Promise<void> {
    return this.#options.exporter.shutdown();
  }
}

/** Nothing of what the other side answered: only what it did. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (typeof error?.code === 'number') return `HTTP ${error.code}`;
  if (typeof error?.code === 'string') return error.code;
  return error?.message === 'Request timed out' ? 'no answer in time' : 'it takes none for now';
}
