import { randomBytes } from 'node:crypto';
import { orServerEnded } from '@org/measure/http-server-process';
import { describeMachine } from '@org/measure/machine';
import { createMcpClient } from '@org/measure/mcp-client';
import type { LoadArguments } from './arguments.js';
import { changeScenario, highestRate, readScenario, secondsOf, type Scenario } from './scenario/scenario.js';
import { createSessionPool, type SessionPool } from './scenario/session-pool.js';
import { startTarget, type Target } from './target.js';

/** What every kind of run is given. */
export interface RunContext {
  readonly args: LoadArguments;
  readonly progress: (text: string) => void;
  /** Fires if the user stops the run. */
  readonly signal: AbortSignal;
  /** For its report and the server's log. */
  readonly folder: string;
  /** A run defers the end of what it opens. */
  readonly resources: AsyncDisposableStack;
}

/** A server with the sessions of a scenario. */
export interface PreparedRun {
  readonly scenario: Scenario;
  readonly target: Target;
  /** The prefix of the session keys of this run. */
  readonly run: string;
  readonly pool: SessionPool;
  readonly environment: Readonly<Record<string, string>>;
}

/** @throws Error if it is stopped meanwhile */
export async function prepareRun(context: RunContext, nodeArguments?: readonly string[]): Promise<PreparedRun> {
  const { args, progress, signal, folder, resources } = context;
  const scenario = changeScenario(readScenario(args.scenario), args);
  const target: Target = args.target ?? (await startTarget({ env: args.env, folder, resources, nodeArguments }));
  const run = `load-${randomBytes(6).toString('hex')}`;
  const pool = createSessionPool(scenario, run);
  const client = createMcpClient({ url: target.url, era: args.era, token: target.token });
  progress(`creating ${scenario.sessions} sessions`);
  try {
    await orServerEnded(target.ended, pool.seed(client, signal));
  } finally {
    await client.close();
  }
  const environment = { ...(await describeMachine()), ...target.settings };
  return { scenario, target, run, pool, environment };
}

/** In words, for the report. */
export function describeWorkload(scenario: Scenario, { era }: LoadArguments): Record<string, string> {
  const { flows, phases, sessions, entriesPerSession, contentBytes, choose } = scenario;
  const weights = flows.reduce((sum, { weight }) => sum + weight, 0);
  const share = (weight: number): string => `${Number(((100 * weight) / weights).toFixed(1))} %`;
  return {
    flows: flows.map(({ name, weight }) => `${name} ${share(weight)}`).join(', '),
    'rate, at most': `${Number(highestRate(scenario).toFixed(1))} flows a second`,
    'warm-up': `${Number(secondsOf(phases, true).toFixed(1))} s`,
    run: `${Number(secondsOf(phases, false).toFixed(1))} s`,
    sessions: `${sessions} of ${entriesPerSession} entries, chosen ${choose}`,
    content: `${contentBytes} bytes`,
    protocol: era === 'modern' ? 'MCP 2026-07-28' : 'MCP 2025-11-25',
  };
}
