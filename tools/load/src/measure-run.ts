import { constants, getPriority, setPriority } from 'node:os';
import { lookAgain } from '@org/measure/cpu';
import { ServerEnded } from '@org/measure/http-server-process';
import { createMcpClient } from '@org/measure/mcp-client';
import { arrivalsOf, driveOpenLoop } from './open-loop.js';
import type { PreparedRun, RunContext } from './prepare-run.js';
import { createRecorder, type ClientSummary } from './recorder.js';
import { runFlow, takeByWeight } from './run-flow.js';
import { countedSecondsOf, peakRate } from './scenario.js';
import { variablesOf } from './session-pool.js';
import { lookAtTarget, readMetrics, type TargetLook } from './target.js';

/** What was measured in a run. */
export interface Run {
  readonly startedAt: string;
  readonly client: ClientSummary;
  /** Looks at the target around what is counted. */
  readonly before: TargetLook;
  readonly after: TargetLook;
  readonly seconds: number;
  /** Why it ended before its time. */
  readonly endedEarly?: string | undefined;
}

/** A run ends if more flows are unanswered than start in this time, but never at fewer than a thousand. */
const tooManySeconds = 5;

/**
 * Runs a scenario in open loop, from this process. A stop, or the end of the server, ends the run: what was counted so far
 * then counts.
 */
export async function measureRun(
  { progress }: Pick<RunContext, 'progress'>,
  { scenario, target, pool, ending }: PreparedRun,
): Promise<Run> {
  const startedAt = new Date().toISOString();
  const maxUnanswered = Math.max(1000, tooManySeconds * peakRate(scenario));
  const client = createMcpClient({ ...target, era: 'modern' });
  const recorder = createRecorder();
  const nextFlow = takeByWeight(scenario.flows);
  const nextVariables = variablesOf(pool);
  let before = await lookAtTarget(target);
  let countedFromMs = performance.now();
  let looking: Promise<void> | undefined;
  const beginCounting = async (): Promise<void> => {
    countedFromMs = performance.now();
    progress(`counting for ${countedSecondsOf(scenario).toFixed(1)} s`);
    // Calls are under way: what takes long here makes them late.
    const cpu = lookAgain(before.cpu);
    // An overloaded server may not answer: its metrics before the warm-up then stand.
    before = { ...before, cpu, metrics: (await readMetrics(target)) ?? before.metrics };
  };
  const priority = getPriority();
  // On a machine that driver and server share, a driver that waits for its turn sends late.
  trySetPriority(constants.priority.PRIORITY_HIGH);
  const isComplete = await driveOpenLoop({
    arrivals: arrivalsOf(scenario.phases),
    signal: ending,
    maxUnanswered,
    start: ({ isWarmup }, intendedMs) => {
      if (!isWarmup) {
        looking ??= beginCounting();
        recorder.recordSendLag(performance.now() - intendedMs);
      }
      const record = isWarmup ? () => undefined : recorder.record;
      return runFlow({ flow: nextFlow(), variables: nextVariables(), client, intendedMs, record });
    },
  });
  trySetPriority(priority);
  const seconds = (performance.now() - countedFromMs) / 1000;
  await looking;
  const after = await lookAtTarget(target);
  // Calls that are still unanswered fail now, and are counted.
  await client.close();
  return {
    startedAt,
    client: recorder.summary(),
    before,
    after,
    seconds,
    endedEarly: earlyEnd(ending) ?? (isComplete ? undefined : `more than ${maxUnanswered} flows were unanswered`),
  };
}

/** Says that a run was stopped or its server ended. Returns undefined if neither is so. */
export function earlyEnd({ aborted, reason }: AbortSignal): string | undefined {
  if (!aborted) return undefined;
  return reason instanceof ServerEnded ? `${reason.message}: see server.log` : 'it was stopped';
}

/** Needs root's rights to raise it. Does nothing without. */
function trySetPriority(priority: number): void {
  try {
    setPriority(priority);
  } catch {
    // The driver then takes its turn like other processes.
  }
}
