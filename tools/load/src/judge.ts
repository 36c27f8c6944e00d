import { median } from '@org/bench/statistics';
import type { Percentiles } from './latencies.js';
import type { ClientSummary } from './recorder.js';
import type { Agreement, Figures, MachineUsage, Verdict } from './report.js';
import type { Bars } from './scenario.js';
import type { BucketedMs, ServerSummary } from './server-metrics.js';

const maxSendLagP99Ms = 5;
const maxDriverCores = 0.6;

/** Why figures tell of the driver more than of the server. @param driverCores 1: one core, all of it */
export function reasonsToVoid(client: ClientSummary, driverCores: number | undefined): string[] {
  const lag = client.sendLag?.p99 ?? 0;
  return [
    ...(client.calls === 0 ? ['nothing was answered'] : []),
    ...(lag > maxSendLagP99Ms
      ? [`calls were sent late: the p99 of the send lag is ${lag.toFixed(1)} ms, more than ${maxSendLagP99Ms} ms`]
      : []),
    ...((driverCores ?? 0) > maxDriverCores
      ? [`the driver took ${percent(driverCores ?? 0)} of a core, more than ${percent(maxDriverCores)}`]
      : []),
  ];
}

export function figuresOf(
  { tools, calls, errorCodes }: Pick<ClientSummary, 'tools' | 'calls' | 'errorCodes'>,
  { cpuShare, memoryShare }: MachineUsage,
): Figures {
  const errors = Object.values(errorCodes).reduce((sum, count) => sum + count, 0);
  return {
    p95Ms: calls === 0 ? Infinity : Math.max(...tools.map(({ fromStart, fromSend }) => (fromStart ?? fromSend).p95)),
    errorShare: calls === 0 ? 1 : errors / calls,
    cpuShare,
    memoryShare,
  };
}

/** Of several runs: the medians, but the most errors. */
export function medianFigures(runs: readonly Figures[]): Figures {
  const medianOf = (pick: (figures: Figures) => number | undefined): number | undefined => {
    const values = runs.map(pick).filter((value) => value !== undefined);
    return values.length === 0 ? undefined : median(values);
  };
  return {
    p95Ms: median(runs.map(({ p95Ms }) => p95Ms)),
    errorShare: Math.max(...runs.map((figures) => figures.errorShare)),
    cpuShare: medianOf(({ cpuShare }) => cpuShare),
    memoryShare: medianOf(({ memoryShare }) => memoryShare),
  };
}

/** What could not be measured is named, and not judged. */
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

/** A bar that could not be measured is no bar that does not hold. */
export const noneFails = (verdicts: readonly Verdict[]): boolean => verdicts.every(({ holds }) => holds !== false);

const percentiles = ['p50', 'p95', 'p99'] as const satisfies (keyof Percentiles)[];

const enoughCalls = { p50: 20, p95: 200, p99: 1000 } as const;

/** Compares what both sides measured, tool by tool. */
export function compareSides(client: ClientSummary, server: ServerSummary): Agreement[] {
  return client.tools.flatMap(({ tool, calls, fromSend }) => {
    const measured = server.tools[tool];
    if (measured === undefined) return [];
    const telling = percentiles.filter((percentile) => calls >= enoughCalls[percentile]);
    return telling.map((percentile): Agreement => {
      const { aboveMs, atMostMs } = measured[percentile];
      const clientMs = fromSend[percentile];
      const pingMs = client.ping?.[percentile];
      return {
        tool,
        percentile,
        clientMs,
        serverMs: [aboveMs, atMostMs],
        pingMs,
        outcome: compare(clientMs, measured[percentile], pingMs),
      };
    });
  });
}

function compare(clientMs: number, { aboveMs, atMostMs }: BucketedMs, pingMs = 0): Agreement['outcome'] {
  if (clientMs < aboveMs) return 'client faster';
  if (clientMs <= atMostMs) return 'within the bucket';
  return clientMs - atMostMs <= pingMs ? 'explained by a ping' : 'client slower';
}

/** What is not compared: of so few calls, a percentile is the luck of one of them. */
export const withoutEnoughCalls = ({ tools }: Pick<ClientSummary, 'tools'>): string[] =>
  tools.flatMap(({ tool, calls }) => {
    const untold = percentiles.filter((percentile) => calls < enoughCalls[percentile]);
    return untold.length === 0 ? [] : [`${untold.join(', ')} of ${tool} (${calls} calls)`];
  });

export const percent = (share: number): string => `${Number((100 * share).toFixed(share < 0.01 ? 3 : 1))} %`;
