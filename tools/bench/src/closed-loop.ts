import type { RowContext, Sample } from './row.js';
import { quantile } from './statistics.js';

export interface ClosedLoopOptions extends Pick<RowContext, 'effort' | 'signal'> {
  readonly callers: number;
  /** Called when the warm-up is over: what is counted beside the calls begins here. */
  readonly onMeasure?: (() => Promise<void> | void) | undefined;
}

export interface ClosedLoopSample extends Sample {
  readonly callsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Calls that were answered while it was measured. */
  readonly calls: number;
}

/**
 * Callers that each wait for an answer before they call again, as agents do.
 *
 * @param call makes one call on behalf of a caller (0, 1, 2 …), and says how many operations it was
 */
export async function closedLoop(
  { callers, effort, signal, onMeasure }: ClosedLoopOptions,
  call: (caller: number) => Promise<number>,
): Promise<ClosedLoopSample> {
  let latenciesMs: number[] = [];
  let calls = 0;
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);

  async function callAgainAndAgain(caller: number): Promise<void> {
    while (!ending.aborted) {
      const startMs = performance.now();
      const operations = await call(caller);
      latenciesMs.push(performance.now() - startMs);
      calls += operations;
    }
  }

  const working = Promise.all(Array.from({ length: callers }, (_, caller) => callAgainAndAgain(caller)));
  try {
    await untilThen(effort.warmupMs, working, signal);
    await onMeasure?.();
    [latenciesMs, calls] = [[], 0];
    const startMs = performance.now();
    await untilThen(effort.measureMs, working, signal);
    // A machine that is stuck is no reason to fail, and a measurement of a moment is one of something.
    while (latenciesMs.length < callers) await untilThen(1, working, signal);
    const seconds = (performance.now() - startMs) / 1000;
    const [measured, counted] = [latenciesMs, calls];
    return {
      callsPerSecond: counted / seconds,
      p50Ms: quantile(measured, 0.5),
      p95Ms: quantile(measured, 0.95),
      calls: counted,
    };
  } finally {
    over.abort();
    await working.catch(() => undefined);
  }
}

/** Waits, unless a caller fails or the run is called off. */
async function untilThen(durationMs: number, working: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const timeUp = Promise.withResolvers<void>();
  const timer = setTimeout(timeUp.resolve, durationMs);
  try {
    await Promise.race([timeUp.promise, working]);
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
  }
}
