import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import type { DiagLog } from './diag-log.js';

/** Where an exporter sends to. */
export interface ExportDestination {
  readonly signal: 'traces' | 'metrics';
  /** For people. */
  readonly url: string;
  /** The environment variable that sets the URL. */
  readonly urlVariable: string;
}

export interface ExportReportOptions extends ExportDestination {
  readonly diagLog: Pick<DiagLog, 'takeOddAnswer'>;
  /** Takes one line. */
  readonly log: (line: string) => void;
  /** A clock that never goes back. */
  readonly nowMs?: (() => number) | undefined;
}

/** An exporter of any signal. */
interface Exporter<Items> {
  export(items: Items, done: (result: ExportResult) => void): void;
}

/** Drops within this time of each other have one cause. */
const dropsApartMs = 60_000;

const names = { traces: 'Traces', metrics: 'Metrics' } as const;
const losses = { traces: 'spans are lost', metrics: 'points are missing there' } as const;

/**
 * Logs when exports begin to fail, when they succeed again, and when spans come faster than the receiver takes them: one
 * line each, however many exports fail.
 */
export class ExportReport {
  readonly #options: ExportReportOptions;
  #underWay = 0;
  #isFailing = false;
  /** Spans were dropped while exports failed: that line covers the loss. */
  #isLossLogged = false;
  #droppedAtMs = -Infinity;

  constructor(options: ExportReportOptions) {
    this.#options = options;
  }

  /** Follows every export of `exporter`, and returns it. */
  watch<Items, Watched extends Exporter<Items>>(exporter: Watched & Exporter<Items>): Watched {
    const send = exporter.export.bind(exporter);
    exporter.export = (items, done) => {
      this.#underWay += 1;
      send(items, (result) => {
        this.#underWay -= 1;
        this.#ended(result);
        done(result);
      });
    };
    return exporter;
  }

  /** The process ends without waiting longer for an answer. */
  timeUp(): void {
    if (this.#underWay > 0) this.#failed('no answer in time');
  }

  /** The queue was full. */
  dropped(spans: string): void {
    if (this.#isLossLogged) return;
    const { url, log, nowMs = () => performance.now() } = this.#options;
    const now = nowMs();
    const isFirst = now - this.#droppedAtMs > dropsApartMs;
    this.#droppedAtMs = now;
    if (!isFirst) return;
    log(
      `${url} takes traces more slowly than they come: ${spans} spans were dropped, calls are served as before. Sample less (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG), or raise OTEL_BSP_MAX_QUEUE_SIZE.`,
    );
  }

  #ended(result: ExportResult): void {
    const isAnswerOdd = this.#options.diagLog.takeOddAnswer();
    if (result.code === ExportResultCode.FAILED) this.#failed(reasonOf(result.error));
    else if (isAnswerOdd) this.#failed(`what answers there is no OTLP receiver, or refuses the ${this.#items()}`);
    else this.#succeeded();
  }

  #failed(reason: string): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#isLossLogged = true;
    const { signal, url, urlVariable, log } = this.#options;
    log(
      `${names[signal]} do not reach ${url} (${reason}): ${losses[signal]}, calls are served as before. Check that an OTLP receiver for HTTP listens there, and ${urlVariable}.`,
    );
  }

  #succeeded(): void {
    const { signal, url, log } = this.#options;
    if (this.#isFailing) log(`${names[signal]} reach ${url} again.`);
    else this.#isLossLogged = false;
    this.#isFailing = false;
  }

  #items(): string {
    return this.#options.signal === 'traces' ? 'spans' : 'metrics';
  }
}

/** What the receiver did, without anything that it answered. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (typeof error?.code === 'number') return `HTTP ${error.code}`;
  if (typeof error?.code === 'string') return error.code;
  return error?.message === 'Request timed out' ? 'no answer in time' : 'it takes none for now';
}
