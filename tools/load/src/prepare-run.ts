import { randomBytes } from 'node:crypto';
import { describeMachine } from '@org/measure/machine';
import { createMcpClient } from '@org/measure/mcp-client';
import { MissingService } from '@org/measure/run-command';
import type { LoadArguments } from './arguments.js';
import { changeScenario, readScenario, type Scenario } from './scenario.js';
import { seedSessions, type PoolSettings } from './session-pool.js';
import { readMetrics, startTarget, type Target } from './target.js';

/** What a run is given. */
export interface RunContext {
  readonly args: LoadArguments;
  readonly progress: (text: string) => void;
  /** Fires if the user stops the run. */
  readonly signal: AbortSignal;
}

/** A server with the sessions of a scenario. */
export interface PreparedRun {
  readonly scenario: Scenario;
  readonly target: Target;
  readonly pool: PoolSettings;
  /** Fires if the user stops the run, or the server ends. */
  readonly ending: AbortSignal;
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Starts the server, unless the arguments name one, and creates the sessions. Defers the end of what it opens.
 *
 * @param folder for the server's log
 * @throws MissingService if the server or its metrics cannot be used
 * @throws ServerEnded if the server ends meanwhile
 */
export async function prepareRun(
  { args, progress, signal }: RunContext,
  folder: string,
  resources: AsyncDisposableStack,
): Promise<PreparedRun> {
  const scenario = changeScenario(readScenario(args.scenario), args);
  const target = args.target ?? (await startTarget(args.env, folder, resources));
  if (target.metricsUrl !== undefined && (await readMetrics(target)) === undefined) {
    const hint = 'set METRICS_PORT of the server, or leave --metrics out.';
    throw new MissingService(`No metrics at ${target.metricsUrl}: ${hint}`);
  }
  const { sessions, entriesPerSession, choose } = scenario;
  const pool = { prefix: `load-${randomBytes(6).toString('hex')}`, sessions, entriesPerSession, choose };
  const ending = target.ended === undefined ? signal : AbortSignal.any([signal, target.ended]);
  const client = createMcpClient({ ...target, era: 'modern' });
  progress(`creating ${sessions} sessions`);
  try {
    await seedSessions(pool, client, ending);
  } catch (error) {
    // The end of the server is why calls fail.
    ending.throwIfAborted();
    throw error;
  } finally {
    await client.close();
  }
  return { scenario, target, pool, ending, environment: { ...(await describeMachine()), ...target.settings } };
}
