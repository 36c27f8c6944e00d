import { diag, DiagLogLevel } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';

export interface ReportingExporterOptions {
  readonly exporter: SpanExporter;
  /** Where it exports to, for people. */
  readonly destination: string;
  /** The environment variable that says where. */
  readonly urlVariable: string;
  /** Takes one line. */
  readonly log: (line: string) => void;
  /** A clock that never goes back. */
  readonly nowMs?: (() => number) | undefined;
}

/** Spans that are dropped in less than this of each other are dropped for one reason. */
const dropsApartMs = 60_000;

/**
 * An exporter that says when spans cease to arrive, when they arrive again, and when they come faster than they are taken:
 * a line each, however many are lost.
 */
export class ReportingExporter implements SpanExporter {
  readonly #options: ReportingExporterOptions;
  #isInTrouble = false;
  /** The SDK warned of an answer, and yet counts the export as a success. */
  #isAnswerOdd = false;
  /** The queue was full while nothing arrived: that had its line. */
  #isLossTold = false;
  #droppedAtMs = -Infinity;

  constructor(options: ReportingExporterOptions) {
    this.#options = options;
    // Of an answer that it cannot read, or that refuses spans, and of a queue that was full: when there is room again.
    const hear = (...texts: unknown[]): void => {
      for (const text of texts.filter((part) => typeof part === 'string')) {
        if (/ response\b/i.test(text)) this.#isAnswerOdd = true;
        const [, dropped] = /^Dropped (\d+) spans because maxQueueSize/.exec(text) ?? [];
        if (dropped !== undefined) this.#reportDrop(dropped);
      }
    };
    const ignore = (): void => undefined;
    const logger = { error: ignore, warn: hear, info: ignore, debug: ignore, verbose: ignore };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }

  export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#options.exporter.export(spans, (result) => {
      if (result.code === ExportResultCode.FAILED) this.report(reasonOf(result.error));
      else if (this.#isAnswerOdd) this.report('what answers there is no OTLP receiver, or refuses the spans');
      else this.#arrived();
      this.#isAnswerOdd = false;
      done(result);
    });
  }

  /** Spans do not arrive. */
  report(reason: string): void {
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#isLossTold = true;
    this.#options.log(
      `Traces do not reach ${this.#options.destination} (${reason}): spans are lost, calls are served as before. Check that an OTLP receiver for HTTP listens there, and ${this.#options.urlVariable}.`,
    );
  }

  #arrived(): void {
    if (this.#isInTrouble) this.#options.log(`Traces reach ${this.#options.destination} again.`);
    else this.#isLossTold = false;
    this.#isInTrouble = false;
  }

  #reportDrop(spans: string): void {
    if (this.#isLossTold) return;
    const nowMs = this.#options.nowMs?.() ?? performance.now();
    const isFirst = nowMs - this.#droppedAtMs > dropsApartMs;
    this.#droppedAtMs = nowMs;
    if (!isFirst) return;
    this.#options.log(
      `${this.#options.destination} takes traces more slowly than they come: ${spans} spans were dropped, calls are served as before. Sample less (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG), or raise OTEL_BSP_MAX_QUEUE_SIZE.`,
    );
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
