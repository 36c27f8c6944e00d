import { describeMachine, describeVersions } from '@org/bench/machine';
import type { LoadArguments } from './arguments.js';
import type { MeasureRunOptions } from './measure-run.js';
import { createMcpClient } from '@org/bench/mcp-client';
import type { Progress } from './progress.js';
import { changeScenario, highestRate, readScenario, secondsOf, type Scenario } from './scenario.js';
import { orServerEnded } from './server-ended.js';
import { startServer, type Target } from './server-under-test.js';
import { createSessionPool, type SessionPool } from './session-pool.js';

/** What every kind of run is given. */
export interface RunContext {
  readonly args: LoadArguments;
  readonly progress: Progress;
  /** Fires when the user wants it to end. */
  readonly signal: AbortSignal;
  /** Where its report and the server's log go. */
  readonly folder: string;
  /** What the run opens, it defers the end of. */
  readonly resources: AsyncDisposableStack;
}

/** A server with the sessions that a scenario asks for. */
export interface PreparedRun {
  readonly scenario: Scenario;
  readonly target: Target;
  /** Tells the run from others on the same server. */
  readonly run: string;
  readonly pool: SessionPool;
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws AbortError when it is stopped meanwhile */
export async function prepareRun(context: RunContext, nodeArguments?: readonly string[]): Promise<PreparedRun> {
  const { args, progress, signal, folder, resources } = context;
  const scenario = changeScenario(readScenario(args.scenario), args);
  const target: Target =
    args.target === undefined
      ? await startServer({ env: args.env, folder, resources, nodeArguments })
      : { ...args.target, settings: { server: args.target.url } };
  const run = `load-${Date.now().toString(36)}`;
  const pool = createSessionPool(scenario, run);
  const client = createMcpClient({ url: target.url, ...connectionOf(args) });
  try {
    const seeding = pool.seed(client, {
      signal,
      onSession: (done) => progress.show(`${scenario.name}: ${done} of ${scenario.sessions} sessions created`),
    });
    await orServerEnded(target.ended, seeding);
  } finally {
    progress.end();
    await client.close();
  }
  const environment = { ...(await describeMachine()), ...(await describeVersions()), ...target.settings };
  return { scenario, target, run, pool, environment };
}

/** How calls are made. */
export const connectionOf = ({
  era,
  spread,
  target,
}: LoadArguments): Pick<MeasureRunOptions, 'era' | 'spread' | 'token'> => ({ era, spread, token: target?.token });

/** In words, for the report. */
export function describeWorkload(scenario: Scenario, { era, spread }: LoadArguments): Record<string, string> {
  const weights = scenario.flows.reduce((sum, { weight }) => sum + weight, 0);
  const { phases, sessions, entriesPerSession, contentBytes, choose } = scenario;
  return {
    flows: scenario.flows
      .map(({ name, weight }) => `${name} ${Number(((100 * weight) / weights).toFixed(1))} %`)
      .join(', '),
    'rate, at most': `${Number(highestRate(scenario).toFixed(1))} flows a second, ${spread}`,
    'warm-up': `${Number(secondsOf(phases, true).toFixed(1))} s`,
    run: `${Number(secondsOf(phases, false).toFixed(1))} s`,
    sessions: `${sessions} of ${entriesPerSession} entries, chosen ${choose}`,
    content: `${contentBytes} bytes`,
    protocol: era === 'modern' ? 'MCP 2026-07-28' : 'MCP 2025-11-25',
  };
}
