import { availableParallelism } from 'node:os';
import { cpuBetween, type CpuUsage } from '@org/measure/cpu';
import type { LoadArguments } from '../arguments.js';
import type { Run } from '../open-loop/measure-run.js';
import { describeWorkload, type PreparedRun } from '../prepare-run.js';
import { figuresOf, judge, reasonsToVoid, type Figures, type Verdict } from './judge.js';
import { summariseServer, type ServerSummary } from './server-metrics.js';

/** What `report.json` holds. */
export interface LoadReport extends Omit<Run, 'before' | 'after' | 'memoryShare'> {
  readonly scenario: string;
  readonly title: string;
  readonly startedAt: string;
  readonly driver: 'open loop' | 'Artillery';
  /** Why the figures say nothing of the server. Empty for a valid run. */
  readonly voidBecause: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly workload: Readonly<Record<string, string>>;
  /** By its own metrics, if they are known. */
  readonly server?: ServerSummary | undefined;
  /** The most that it ever had resident. */
  readonly serverMemoryBytes?: number | undefined;
  /** Set if the run has started the server. */
  readonly cpu?: CpuUsage | undefined;
  readonly figures: Figures;
  readonly verdicts: readonly Verdict[];
}

export function buildReport(
  { before, after, memoryShare, ...run }: Run,
  {
    scenario,
    environment,
    args,
    startedAt,
  }: Pick<PreparedRun, 'scenario' | 'environment'> & { readonly args: LoadArguments; readonly startedAt: string },
): LoadReport {
  const usage = cpuBetween(before.cpu, after.cpu);
  const { driver = 0 } = usage.parts;
  // With PostgreSQL on another machine, the load on this one says little.
  const cpu = usage.parts['server'] === undefined || usage.parts['PostgreSQL'] === undefined ? undefined : usage;
  const machine = cpu && { cpuShare: Math.max(0, cpu.machine - driver) / availableParallelism(), memoryShare };
  const figures = figuresOf(run.client, machine);
  return {
    scenario: scenario.name,
    title: scenario.title,
    startedAt,
    driver: args.isArtillery ? 'Artillery' : 'open loop',
    ...run,
    voidBecause: reasonsToVoid(run.client, driver),
    environment,
    workload: describeWorkload(scenario, args),
    ...(before.metrics && after.metrics && { server: summariseServer(before.metrics, after.metrics) }),
    serverMemoryBytes: after.serverMemoryBytes ?? before.serverMemoryBytes,
    cpu,
    figures,
    verdicts: judge(figures, scenario.bars),
  };
}
