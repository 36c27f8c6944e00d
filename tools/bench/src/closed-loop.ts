import { availableParallelism } from 'node:os';
import { cpuBetween, lookAgain, lookAtCpu, type CpuUsage, type Parts } from '@org/measure/cpu';
import { createLatencies } from '@org/measure/latencies';
import type { RowContext, Sample } from './row.js';

export interface ClosedLoopOptions extends Pick<RowContext, 'effort' | 'signal'> {
  readonly callers: number;
  /** Whose CPU time is reported. Default: none. */
  readonly parts?: Parts | undefined;
  /** Called when the warm-up is over. */
  readonly onMeasure?: (() => void) | undefined;
}

export interface ClosedLoopSample extends Sample {
  readonly callsPerSecond: number;
  /** How many operations were counted. */
  readonly calls: number;
}

export const othersShare = 'others’ share of the CPU %';
export const hostShare = 'host’s share of the CPU %';

/**
 * Lets callers call, each of which waits for an answer before it calls again, as agents do.
 *
 * @param call makes one call on behalf of a caller (0, 1, 2 …). Returns the number of operations in it.
 */
export async function closedLoop(
  { callers, effort, signal, parts, onMeasure }: ClosedLoopOptions,
  call: (caller: number) => Promise<number>,
): Promise<ClosedLoopSample> {
  let latencies = createLatencies();
  let calls = 0;
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);

  async function callRepeatedly(caller: number): Promise<void> {
    while (!ending.aborted) {
      const startMs = performance.now();
      const operations = await call(caller);
      latencies.record(performance.now() - startMs);
      calls += operations;
    }
  }

  const working = Promise.all(Array.from({ length: callers }, (_, caller) => callRepeatedly(caller)));
  try {
    await waitWhile(working, effort.warmupMs, signal);
    // To find processes takes a while in which no answer is read, so nothing counts before.
    const before = lookAtCpu(parts ?? {});
    onMeasure?.();
    [latencies, calls] = [createLatencies(), 0];
    const startMs = performance.now();
    await waitWhile(working, effort.measureMs, signal);
    // A slow machine may need longer for the first answers.
    while (latencies.count() < callers) await waitWhile(working, 1, signal);
    const [counted, seconds] = [calls, (performance.now() - startMs) / 1000];
    const facts = parts === undefined ? {} : cpuFacts(cpuBetween(before, lookAgain(before)), counted / seconds);
    const { p50, p95 } = latencies.percentiles() ?? { p50: NaN, p95: NaN };
    return { callsPerSecond: counted / seconds, p50Ms: p50, p95Ms: p95, calls: counted, facts };
  } finally {
    over.abort();
    await working.catch(() => undefined);
  }
}

/** Waits, and throws if a caller fails or the run is stopped. */
async function waitWhile(working: Promise<unknown>, durationMs: number, signal: AbortSignal): Promise<void> {
  const timeUp = Promise.withResolvers<void>();
  const timer = setTimeout(timeUp.resolve, durationMs);
  try {
    await Promise.race([timeUp.promise, working]);
    signal.throwIfAborted();
  } finally {
    clearTimeout(timer);
  }
}

/** The name of a fact. */
export const cpuPerCall = (part: string): string => `${part} CPU µs/call`;

function cpuFacts({ parts, others, stolen }: CpuUsage, perSecond: number): Record<string, number> {
  const facts = [
    ...Object.entries(parts).map(([part, cores]) => [cpuPerCall(part), (1e6 * cores) / perSecond] as const),
    [othersShare, (100 * others) / availableParallelism()] as const,
    [hostShare, (100 * stolen) / availableParallelism()] as const,
  ];
  return Object.fromEntries(facts.filter(([, value]) => Number.isFinite(value)));
}
