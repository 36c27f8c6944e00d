import { availableParallelism } from 'node:os';
import { cpuBetween, percent, type CpuUsage } from '@org/measure/cpu';
import type { Scrape } from '@org/telemetry-otel/testing';
import type { Run } from './measure-run.js';
import type { PreparedRun } from './prepare-run.js';
import type { ClientSummary } from './recorder.js';
import { countedSecondsOf, peakRate, warmupSecondsOf, type Bars, type Scenario } from './scenario.js';

/** What `report.json` holds. */
export interface LoadReport extends Omit<Run, 'before' | 'after'> {
  readonly scenario: string;
  readonly title: string;
  /** Why the figures say nothing of the server. Empty for a valid run. */
  readonly voidBecause: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workload: Readonly<Record<string, string>>;
  /** By its own metrics, if they are known. */
  readonly server?: ServerSummary | undefined;
  /** The most that the server ever had resident. */
  readonly serverMemoryBytes?: number | undefined;
  /** Set if the run has started the server, with PostgreSQL on this machine. */
  readonly cpu?: CpuUsage | undefined;
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
}

/** What the server measured between two looks. */
export interface ServerSummary {
  readonly calls: number;
  readonly statements: number;
  /** NaN without statements. */
  readonly averageStatementMs: number;
  /** NaN if no call used a cache. */
  readonly cacheHitRatio: number;
}

/** What the bars judge. */
export interface Figures {
  /** Of the slowest tool, from the intended start. Infinity if no call was answered. */
  readonly p95Ms: number;
  /** 1 if no call was answered. */
  readonly errorShare: number;
  /** Of the machine without the driver. */
  readonly cpuShare?: number | undefined;
  readonly memoryShare?: number | undefined;
}

/** One bar. It has no value and no verdict if it could not be measured. */
export interface Verdict {
  readonly bar: string;
  readonly value?: string | undefined;
  readonly holds?: boolean | undefined;
}

export function buildReport(
  { before, after, ...run }: Run,
  { scenario, environment }: Pick<PreparedRun, 'scenario' | 'environment'>,
): LoadReport {
  const usage = cpuBetween(before.cpu, after.cpu);
  const { driver: driverCores = 0 } = usage.parts;
  // With PostgreSQL on another machine, the load on this one says little.
  const isWhole = usage.parts['server'] !== undefined && usage.parts['PostgreSQL'] !== undefined;
  const machine = {
    cpuShare: Math.max(0, usage.machine - driverCores) / availableParallelism(),
    memoryShare: Math.max(before.memoryShare, after.memoryShare),
  };
  const figures = figuresOf(run.client, isWhole ? machine : {});
  return {
    scenario: scenario.name,
    title: scenario.title,
    ...run,
    voidBecause: reasonsToVoid(run.client, driverCores),
    environment,
    workload: describeWorkload(scenario),
    server: before.metrics && after.metrics && summariseServer(before.metrics, after.metrics),
    serverMemoryBytes: after.serverMemoryBytes ?? before.serverMemoryBytes,
    cpu: isWhole ? usage : undefined,
    figures,
    verdicts: judge(figures, scenario.bars),
  };
}

const maxSendLagP99Ms = 5;
const maxDriverCores = 0.6;

/** Why figures say more about the driver than about the server. */
export function reasonsToVoid({ calls, sendLag }: ClientSummary, driverCores: number): string[] {
  const reasons: string[] = [];
  if (calls === 0) reasons.push('nothing was answered');
  if (sendLag.p99 > maxSendLagP99Ms) {
    const found = `the p99 of the send lag is ${sendLag.p99.toFixed(1)} ms, more than ${maxSendLagP99Ms} ms`;
    reasons.push(`calls were sent late: ${found}`);
  }
  if (driverCores > maxDriverCores) {
    reasons.push(`the driver took ${percent(driverCores)} of a core, more than ${percent(maxDriverCores)}`);
  }
  return reasons;
}

export function figuresOf(
  { tools, calls, errorCodes }: ClientSummary,
  machine: Pick<Figures, 'cpuShare' | 'memoryShare'>,
): Figures {
  if (calls === 0) return { p95Ms: Infinity, errorShare: 1, ...machine };
  const errors = Object.values(errorCodes).reduce((sum, count) => sum + count, 0);
  const p95Ms = Math.max(...tools.map(({ fromStart }) => fromStart.p95));
  return { p95Ms, errorShare: errors / calls, ...machine };
}

/** The founding guide's goals for the machine. */
const maxShares = { cpu: 0.7, memory: 0.8 };

export function judge({ p95Ms, errorShare, cpuShare, memoryShare }: Figures, bars: Bars): Verdict[] {
  return [
    { bar: `p95 of the slowest tool ≤ ${bars.p95Ms} ms`, value: `${p95Ms.toFixed(2)} ms`, holds: p95Ms <= bars.p95Ms },
    { bar: `errors ≤ ${percent(bars.errorShare)}`, value: percent(errorShare), holds: errorShare <= bars.errorShare },
    shareVerdict('CPU of the machine without the driver', cpuShare, maxShares.cpu),
    shareVerdict('memory of the machine', memoryShare, maxShares.memory),
  ];
}

const shareVerdict = (what: string, share: number | undefined, bar: number): Verdict => ({
  bar: `${what} < ${percent(bar)}`,
  ...(share !== undefined && { value: percent(share), holds: share < bar }),
});

/** A bar that could not be measured does not fail. */
export const noneFails = (verdicts: readonly Verdict[]): boolean => verdicts.every(({ holds }) => holds !== false);

function summariseServer(before: Scrape, after: Scrape): ServerSummary {
  const grown = (name: string): number => after.sum(name) - before.sum(name);
  const statements = grown('db_query_time_seconds_count');
  const [hits, misses] = [grown('cache_hits_total'), grown('cache_misses_total')];
  return {
    calls: grown('tool_duration_ms_count'),
    statements,
    averageStatementMs: (1000 * grown('db_query_time_seconds_sum')) / statements,
    cacheHitRatio: hits / (hits + misses),
  };
}

function describeWorkload(scenario: Scenario): Record<string, string> {
  const { flows, sessions, entriesPerSession, choose } = scenario;
  const weights = flows.reduce((sum, { weight }) => sum + weight, 0);
  return {
    flows: flows.map(({ name, weight }) => `${name} ${percent(weight / weights)}`).join(', '),
    'rate, at most': `${Number(peakRate(scenario).toFixed(1))} flows a second`,
    'warm-up': `${Number(warmupSecondsOf(scenario).toFixed(1))} s`,
    run: `${Number(countedSecondsOf(scenario).toFixed(1))} s`,
    sessions: `${sessions} of ${entriesPerSession} entries, chosen ${choose}`,
  };
}
