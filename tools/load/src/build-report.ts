import { availableParallelism } from 'node:os';
import { compareSides, figuresOf, judge, reasonsToVoid } from './judge.js';
import { parts, type Observation, type Part } from './observer.js';
import type { ClientSummary, TimelinePoint } from './recorder.js';
import type { LoadReport, MachineUsage, PartUsage, ReportPoint } from './report.js';
import type { Bars } from './scenario.js';
import { summariseServer } from './server-metrics.js';

/** What a run left behind. */
export interface Measured extends Pick<
  LoadReport,
  | 'scenario'
  | 'title'
  | 'startedAt'
  | 'driver'
  | 'hasPrecedence'
  | 'endedEarly'
  | 'lastLog'
  | 'environment'
  | 'workload'
  | 'seconds'
> {
  readonly client: ClientSummary;
  /** Around what is counted, as closely as the server could be looked at. */
  readonly before: Observation;
  readonly after: Observation;
  /** One for each point of the timeline, in its order; absent where looking failed. */
  readonly observations: readonly (Observation | undefined)[];
  readonly bars: Bars;
}

export function buildReport({ before, after, observations, bars, ...measured }: Measured): LoadReport {
  const { client } = measured;
  const seen = observations.filter((observation) => observation !== undefined);
  const usage = usageOfParts(before, after, seen);
  const machine = usageOfMachine(before, after, seen, usage);
  const figures = figuresOf(client, machine);
  const server = before.metrics && after.metrics && summariseServer(before.metrics, after.metrics);
  return {
    ...measured,
    voidBecause: reasonsToVoid(client, usage.driver?.cores),
    ...(server !== undefined && { server }),
    agreement: server === undefined ? [] : compareSides(client, server),
    parts: usage,
    machine,
    figures,
    verdicts: judge(figures, bars),
    timeline: client.timeline.map((point, index) =>
      pointOf(point, observations[index - 1] ?? before, observations[index]),
    ),
  };
}

const secondsBetween = (a: Observation, b: Observation): number => (b.atMs - a.atMs) / 1000;

/** How many cores a part kept busy between two looks. */
function coresOf(part: Part, a: Observation, b: Observation): number | undefined {
  const [from, to] = [a.usage[part], b.usage[part]];
  const seconds = secondsBetween(a, b);
  // A process that ended takes its time with it.
  return from === undefined || to === undefined || seconds <= 0
    ? undefined
    : Math.max(0, to.cpuSeconds - from.cpuSeconds) / seconds;
}

function usageOfParts(
  before: Observation,
  after: Observation,
  seen: readonly Observation[],
): Partial<Record<Part, PartUsage>> {
  const entries = parts.flatMap((part): [Part, PartUsage][] => {
    const cores = coresOf(part, before, after);
    if (cores === undefined) return [];
    const memory = [before, ...seen, after].map(({ usage }) => usage[part]?.memoryBytes ?? 0);
    return [[part, { cores, memoryBytes: Math.max(...memory) }]];
  });
  return Object.fromEntries(entries);
}

/** Of another machine than the driver's, nothing is known. */
function usageOfMachine(
  before: Observation,
  after: Observation,
  seen: readonly Observation[],
  usage: Partial<Record<Part, PartUsage>>,
): MachineUsage {
  if (usage.PostgreSQL === undefined) return {};
  const busy = (after.machine.cpuSeconds - before.machine.cpuSeconds) / secondsBetween(before, after);
  const cores = availableParallelism();
  const ours = parts.reduce((sum, part) => sum + (usage[part]?.cores ?? 0), 0);
  return {
    cpuShare: Math.max(0, busy - (usage.driver?.cores ?? 0)) / cores,
    othersShare: Math.max(0, busy - ours) / cores,
    stolenShare: (after.machine.stolenSeconds - before.machine.stolenSeconds) / secondsBetween(before, after) / cores,
    memoryShare: Math.max(...[before, ...seen, after].map(({ machine }) => machine.memoryShare)),
  };
}

function pointOf(point: TimelinePoint, before: Observation, now: Observation | undefined): ReportPoint {
  if (now === undefined) return { ...point, cores: {} };
  const value = now.metrics?.value;
  const lag = value?.('nodejs_eventloop_lag_p99_seconds');
  return {
    ...point,
    cores: Object.fromEntries(
      parts.flatMap((part) => {
        const cores = coresOf(part, before, now);
        return cores === undefined ? [] : [[part, cores]];
      }),
    ),
    heapBytes: value?.('nodejs_heap_size_used_bytes'),
    residentBytes: value?.('process_resident_memory_bytes'),
    eventLoopLagP99Ms: lag === undefined ? undefined : lag * 1000,
    poolInUse: value?.('db_pool_in_use'),
  };
}
