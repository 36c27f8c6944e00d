import { arrivalsOf, type ArrivalOptions } from './arrivals.js';
import type { Measured } from './build-report.js';
import { createMcpClient, type McpClient, type McpClientOptions } from '@org/bench/mcp-client';
import { openObserver, type Observation, type Observer } from './observer.js';
import { driveOpenLoop } from './open-loop.js';
import type { Progress } from './progress.js';
import { createRecorder, type Recorder, type TimelinePoint } from './recorder.js';
import { runFlow } from './run-flow.js';
import { highestRate, type Scenario } from './scenario.js';
import type { ServerEnded } from './server-ended.js';
import type { Target } from './server-under-test.js';
import type { SessionPool } from './session-pool.js';
import { takeByWeight } from './take-by-weight.js';
import { takePrecedence } from './take-precedence.js';

export interface MeasureRunOptions extends Pick<McpClientOptions, 'era' | 'token'>, Pick<ArrivalOptions, 'spread'> {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly pool: SessionPool;
  readonly progress: Progress;
  /** Ends the run, which then counts so far. */
  readonly signal: AbortSignal;
}

/** What clients and bystanders saw of a run. */
export type Run = Pick<
  Measured,
  'hasPrecedence' | 'client' | 'before' | 'after' | 'observations' | 'seconds' | 'endedEarly' | 'lastLog'
>;

/** So many unanswered calls, in seconds of calls, are too many to go on; but never fewer than a thousand. */
const tooManySeconds = 5;

/**
 * Runs a scenario in open loop, from this process. A server that ends meanwhile ends the run, which counts so far.
 *
 * @throws UnusableServer when the server cannot be looked at before
 */
export async function measureRun(options: MeasureRunOptions): Promise<Run> {
  const { scenario, target } = options;
  const signal = target.ended === undefined ? options.signal : AbortSignal.any([options.signal, target.ended]);
  using precedence = takePrecedence();
  await using resources = new AsyncDisposableStack();
  const client = createMcpClient({ url: target.url, era: options.era, token: options.token });
  resources.defer(() => client.close());
  const observer = await openObserver(target);
  resources.defer(() => observer.close());
  const recorder = createRecorder();
  const first = await observer.observe();
  let inFlight = 0;
  const watch = watchRun({ ...options, client, observer, recorder, inFlight: () => inFlight });
  const tooMany = Math.max(1000, tooManySeconds * highestRate(scenario));
  let endedEarly: string | undefined;
  const nextFlow = takeByWeight(scenario.flows);
  let before: Promise<Observation> | undefined;
  let countedFromMs = performance.now();
  await driveOpenLoop({
    arrivals: arrivalsOf({ phases: scenario.phases, spread: options.spread }),
    signal,
    onInFlight: (count) => (inFlight = count),
    isTooMany: (count) => {
      if (count > tooMany) endedEarly = `more than ${tooMany} calls were unanswered`;
      return count > tooMany;
    },
    start: ({ isWarmup }, intendedMs) => {
      if (!isWarmup) {
        if (before === undefined) countedFromMs = performance.now();
        // A server that cannot tell now may have told a second ago.
        before ??= observer.observe().catch(() => watch.lastSeen() ?? first);
        recorder.recordSendLag(performance.now() - intendedMs);
      }
      const record: Parameters<typeof runFlow>[0]['record'] = (call) => recorder.record(call, { isWarmup });
      return runFlow({ flow: nextFlow(), variables: options.pool.variables(), client, intendedMs, record });
    },
  });
  const seconds = (performance.now() - countedFromMs) / 1000;
  const observations = await watch.end();
  const after = await observer.observe().catch(() => undefined);
  if (options.signal.aborted) endedEarly = 'it was stopped';
  else if (after === undefined) endedEarly ??= lastLookOf(watch.lastSeen() ?? first, first);
  const serverEnded = target.ended?.aborted === true ? (target.ended.reason as ServerEnded) : undefined;
  // What is still unanswered now fails, and is counted.
  await resources.disposeAsync();
  const { isGranted: hasPrecedence } = precedence;
  const from = (await before) ?? first;
  const last = after ?? watch.lastSeen() ?? first;
  return {
    hasPrecedence,
    client: recorder.summary(),
    before: from,
    // It may have ended before it was looked at again.
    after: last.atMs >= from.atMs ? last : from,
    observations,
    seconds,
    endedEarly: serverEnded?.message ?? endedEarly,
    lastLog: serverEnded?.lastLog,
  };
}

const lastLookOf = (last: Observation, first: Observation): string =>
  `the server could not be looked at in the end: what it tells of itself, CPU and memory are as of ${((last.atMs - first.atMs) / 1000).toFixed(0)} s after its beginning`;

interface WatchOptions extends Pick<MeasureRunOptions, 'scenario' | 'progress'> {
  readonly client: McpClient;
  readonly observer: Observer;
  readonly recorder: Recorder;
  readonly inFlight: () => number;
}

const tickMs = 1000;
const pingMs = 200;

/** Looks, and shows how it goes, every second; and pings. */
function watchRun({ scenario, progress, client, observer, recorder, inFlight }: WatchOptions): {
  readonly end: () => Promise<(Observation | undefined)[]>;
  /** The newest of them. Undefined: there is none yet. */
  readonly lastSeen: () => Observation | undefined;
} {
  let lastSeen: Observation | undefined;
  const observations: Promise<Observation | undefined>[] = [];
  const tick = (): void => {
    const point = recorder.tick();
    // A server that is overwhelmed may not even tell its metrics: that second is then left out.
    observations.push(
      observer.observe().then(
        (seen) => (lastSeen = seen),
        () => undefined,
      ),
    );
    progress.show(`${scenario.name}: ${describePoint(point)}, ${inFlight()} in flight`);
  };
  const ticking = setInterval(tick, tickMs);
  const stopPinging = startPinging(client, recorder.recordPing);
  return {
    lastSeen: () => lastSeen,
    async end() {
      clearInterval(ticking);
      stopPinging();
      tick();
      progress.end();
      return Promise.all(observations);
    },
  };
}

/** @returns what ends it */
export function startPinging(client: McpClient, record: (ms: number) => void): () => void {
  const ping = async (): Promise<void> => {
    const sentMs = performance.now();
    const answer = await client.ping();
    if (!('errorCode' in answer)) record(performance.now() - sentMs);
  };
  const pinging = setInterval(() => void ping(), pingMs);
  return () => clearInterval(pinging);
}

export const describePoint = ({ atSeconds, callsPerSecond, errorsPerSecond, all }: TimelinePoint): string =>
  `${atSeconds.toFixed(0)} s, ${callsPerSecond.toFixed(0)} calls/s, p95 ${all?.p95.toFixed(1) ?? '–'} ms, ${errorsPerSecond.toFixed(0)} errors/s`;
