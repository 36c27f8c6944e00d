import { percent } from '@org/measure/cpu';
import { median } from '@org/measure/statistics';
import type { ClientSummary } from '../open-loop/recorder.js';
import type { Bars } from '../scenario/scenario.js';

/** What the bars judge. */
export interface Figures {
  /** Of the slowest tool, from the intended start if that is known. Infinity if no call was answered. */
  readonly p95Ms: number;
  /** 1 if no call was answered. */
  readonly errorShare: number;
  readonly cpuShare?: number | undefined;
  readonly memoryShare?: number | undefined;
}

/** One bar. It has no value and no verdict if it could not be measured. */
export interface Verdict {
  readonly bar: string;
  readonly value?: string | undefined;
  readonly holds?: boolean | undefined;
}

const maxSendLagP99Ms = 5;
const maxDriverCores = 0.6;

/** Why figures say more about the driver than about the server. */
export function reasonsToVoid(client: ClientSummary, driverCores: number): string[] {
  const lag = client.sendLag?.p99 ?? 0;
  const reasons: readonly (readonly [isVoid: boolean, why: string])[] = [
    [client.calls === 0, 'nothing was answered'],
    [
      lag > maxSendLagP99Ms,
      `calls were sent late: the p99 of the send lag is ${lag.toFixed(1)} ms, more than ${maxSendLagP99Ms} ms`,
    ],
    [
      driverCores > maxDriverCores,
      `the driver took ${percent(driverCores)} of a core, more than ${percent(maxDriverCores)}`,
    ],
  ];
  return reasons.filter(([isVoid]) => isVoid).map(([, why]) => why);
}

export function figuresOf(
  { tools, calls, errorCodes }: ClientSummary,
  machine: Pick<Figures, 'cpuShare' | 'memoryShare'> = {},
): Figures {
  if (calls === 0) return { p95Ms: Infinity, errorShare: 1, ...machine };
  const errors = Object.values(errorCodes).reduce((sum, count) => sum + count, 0);
  const p95Ms = Math.max(...tools.map(({ fromStart, fromSend }) => (fromStart ?? fromSend).p95));
  return { p95Ms, errorShare: errors / calls, ...machine };
}

/** The medians of several runs, but the most errors. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const medianOf = (pick: (figures: Figures) => number | undefined): number | undefined => {
    const values = runs.map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  return {
    p95Ms: median(runs.map(({ p95Ms }) => p95Ms)),
    errorShare: Math.max(...runs.map(({ errorShare }) => errorShare)),
    cpuShare: medianOf(({ cpuShare }) => cpuShare),
    memoryShare: medianOf(({ memoryShare }) => memoryShare),
  };
}

export function judge({ p95Ms, errorShare, cpuShare, memoryShare }: Figures, bars: Bars): Verdict[] {
  return [
    { bar: `p95 of the slowest tool ≤ ${bars.p95Ms} ms`, value: `${p95Ms.toFixed(2)} ms`, holds: p95Ms <= bars.p95Ms },
    { bar: `errors ≤ ${percent(bars.errorShare)}`, value: percent(errorShare), holds: errorShare <= bars.errorShare },
    shareVerdict('CPU of the machine without the driver', cpuShare, bars.cpuShare),
    shareVerdict('memory of the machine', memoryShare, bars.memoryShare),
  ];
}

const shareVerdict = (what: string, share: number | undefined, bar: number): Verdict => ({
  bar: `${what} < ${percent(bar)}`,
  ...(share !== undefined && { value: percent(share), holds: share < bar }),
});

/** A bar that could not be measured does not fail. */
export const noneFails = (verdicts: readonly Verdict[]): boolean => verdicts.every(({ holds }) => holds !== false);
