import { cpuBetween, foreignShare, lookAgain, lookAtCpu, type CpuUsage, type Parts } from '@org/measure/cpu';
import { createLatencies } from '@org/measure/latencies';
import type { Context, Sample } from './row.js';

export interface ClosedLoopOptions extends Pick<Context, 'effort' | 'signal'> {
  readonly callers: number;
  /** Whose CPU time is reported. Default: none. */
  readonly parts?: Parts | undefined;
}

/** The share of the CPU that went to other processes and to the host of the machine. */
export const otherWork = 'other work %';

/**
 * Measures callers, each of which waits for its answer before it calls again, as agents do.
 *
 * @param call makes one call for a caller: 0, 1, 2 … If it resolves to a number, it counts as that many calls.
 */
export async function closedLoop(
  { callers, effort, signal, parts = {} }: ClosedLoopOptions,
  call: (caller: number) => Promise<unknown>,
): Promise<Sample> {
  let latencies = createLatencies();
  let calls = 0;
  const over = new AbortController();
  const ending = AbortSignal.any([signal, over.signal]);

  async function callRepeatedly(caller: number): Promise<void> {
    while (!ending.aborted) {
      const startMs = performance.now();
      const answer = await call(caller);
      latencies.record(performance.now() - startMs);
      calls += typeof answer === 'number' ? answer : 1;
    }
  }

  const working = Promise.all(Array.from({ length: callers }, (_, caller) => callRepeatedly(caller)));
  try {
    await waitWhile(working, effort.warmupMs, signal);
    // No answer is read while processes are looked for, so counting begins afterwards.
    const before = lookAtCpu(parts);
    [latencies, calls] = [createLatencies(), 0];
    const startMs = performance.now();
    await waitWhile(working, effort.measureMs, signal);
    // A slow machine may need longer for the first answers.
    while (latencies.count() < callers) await waitWhile(working, 1, signal);
    const perSecond = (1000 * calls) / (performance.now() - startMs);
    const { p50, p95 } = latencies.percentiles();
    const usage = cpuBetween(before, lookAgain(before));
    return { 'calls/s': perSecond, 'p50 ms': p50, 'p95 ms': p95, ...cpuFigures(usage, perSecond) };
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

/** Without figures that are unknown on this system, and without other work if no part is watched. */
function cpuFigures(usage: CpuUsage, perSecond: number): Sample {
  const parts = Object.entries(usage.parts);
  if (parts.length === 0 || Number.isNaN(usage.machine)) return {};
  const perCall = parts.map(([part, cores]) => [`${part} CPU µs/call`, (1e6 * cores) / perSecond]);
  return { ...Object.fromEntries(perCall), [otherWork]: 100 * foreignShare(usage) };
}
