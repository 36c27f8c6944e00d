import { freemem, totalmem } from 'node:os';
import { lookAgain } from '@org/measure/cpu';
import type { ServerEnded } from '@org/measure/http-server-process';
import { createMcpClient } from '@org/measure/mcp-client';
import type { PreparedRun, RunContext } from '../prepare-run.js';
import { runFlow } from '../scenario/run-flow.js';
import { highestRate, secondsOf } from '../scenario/scenario.js';
import { takeByWeight } from '../scenario/take-by-weight.js';
import { lookAtTarget, readMetrics, type TargetLook } from '../target.js';
import { arrivalsOf } from './arrivals.js';
import { driveOpenLoop } from './open-loop.js';
import { createRecorder, type ClientSummary } from './recorder.js';
import { takePrecedence } from './take-precedence.js';

/** What was measured in a run. */
export interface Run {
  /** True if the driver ran before other processes. */
  readonly hasPrecedence?: boolean | undefined;
  readonly client: ClientSummary;
  /** Looks at the target around what is counted. */
  readonly before: TargetLook;
  readonly after: TargetLook;
  readonly seconds: number;
  /** The most memory of the machine that was ever used, as a share. */
  readonly memoryShare: number;
  /** Why it ended before its time. */
  readonly endedEarly?: string | undefined;
  /** The end of the server's log, if the server ended before the run. */
  readonly lastLog?: string | undefined;
}

/** A run ends if more flows are unanswered than start in this time, but never at fewer than a thousand. */
const tooManySeconds = 5;

/**
 * Runs a scenario in open loop, from this process. A stop, or the end of the server, ends the run: what was counted so far
 * then counts.
 *
 * @throws MissingService if the metrics cannot be read at the beginning
 */
export async function measureRun({ args, signal, progress }: RunContext, prepared: PreparedRun): Promise<Run> {
  const { scenario, target, pool } = prepared;
  const ending = target.ended === undefined ? signal : AbortSignal.any([signal, target.ended]);
  const tooMany = Math.max(1000, tooManySeconds * highestRate(scenario));
  let before = await lookAtTarget(target);
  using precedence = takePrecedence();
  const client = createMcpClient({ url: target.url, era: args.era, token: target.token });
  const recorder = createRecorder();
  const memory = watchMemory();
  const nextFlow = takeByWeight(scenario.flows);
  let endedEarly: string | undefined;
  let countedFromMs = performance.now();
  let looking: Promise<void> | undefined;
  const beginCounting = async (): Promise<void> => {
    countedFromMs = performance.now();
    progress(`counting for ${secondsOf(scenario.phases, false).toFixed(1)} s`);
    // Calls are under way: what takes long here makes them late.
    const cpu = lookAgain(before.cpu);
    // An overloaded server may not answer: its metrics before the warm-up then stand.
    const metrics = await readMetrics(target).catch(() => before.metrics);
    before = { ...before, cpu, metrics };
  };
  await driveOpenLoop({
    arrivals: arrivalsOf(scenario.phases),
    signal: ending,
    isTooMany: (inFlight) => {
      if (inFlight > tooMany) endedEarly = `more than ${tooMany} flows were unanswered`;
      return inFlight > tooMany;
    },
    start: ({ isWarmup }, intendedMs) => {
      if (!isWarmup) {
        looking ??= beginCounting();
        recorder.recordSendLag(performance.now() - intendedMs);
      }
      const record = isWarmup ? () => undefined : recorder.record;
      return runFlow({ flow: nextFlow(), variables: pool.variables(), client, intendedMs, record });
    },
  });
  const seconds = (performance.now() - countedFromMs) / 1000;
  await looking;
  const after = await lookAtTarget(target).catch(() => {
    endedEarly ??= 'the metrics of the server could not be read at the end';
    return lookAtTarget({ ...target, metricsUrl: undefined });
  });
  if (signal.aborted) endedEarly = 'it was stopped';
  const serverEnded = target.ended?.aborted === true ? (target.ended.reason as ServerEnded) : undefined;
  // Calls that are still unanswered fail now, and are counted.
  await client.close();
  return {
    hasPrecedence: precedence.isGranted,
    client: recorder.summary(),
    before,
    after,
    seconds,
    memoryShare: memory.end(),
    endedEarly: serverEnded?.message ?? endedEarly,
    lastLog: serverEnded && String(serverEnded.cause),
  };
}

/** Watches how much memory of the machine is used. `end` returns the largest share. */
export function watchMemory(): { readonly end: () => number } {
  let share = 0;
  const look = (): void => void (share = Math.max(share, 1 - freemem() / totalmem()));
  look();
  const looking = setInterval(look, 1000).unref();
  return {
    end() {
      clearInterval(looking);
      return share;
    },
  };
}
