import type { Era } from '@org/measure/mcp-client';
import { warmupName, type Flow, type Scenario } from '../scenario/scenario.js';
import type { PoolSettings } from '../scenario/session-pool.js';

/** What the engine needs in addition to the steps. */
export interface ArtillerySettings extends PoolSettings {
  readonly run: string;
  readonly era: Era;
}

/** The environment variable with the bearer token, if the server needs one. */
export const tokenVariable = 'LOAD_TOKEN';

/** The part of a script that this package writes and the engine reads. */
export interface ArtilleryScript {
  readonly config: {
    readonly target: string;
    readonly phases: readonly object[];
    readonly engines: { readonly mcp: ArtillerySettings };
  };
  readonly scenarios: readonly Flow[];
}

/** Translates a scenario, with the changes of the command line. */
export function artilleryScript(
  { phases, flows, sessions, entriesPerSession, contentBytes, choose }: Scenario,
  target: string,
  settings: Omit<ArtillerySettings, keyof PoolSettings>,
): ArtilleryScript {
  return {
    config: {
      target,
      phases: phases.map(({ durationSeconds, fromRate, toRate, isWarmup }) => ({
        ...(isWarmup && { name: warmupName }),
        duration: durationSeconds,
        arrivalRate: fromRate,
        ...(toRate !== fromRate && { rampTo: toRate }),
      })),
      engines: { mcp: { sessions, entriesPerSession, contentBytes, choose, ...settings } },
    },
    scenarios: flows,
  };
}

/** The names of the engine's metrics in Artillery's report. */
export const metricNames = {
  /** Milliseconds from the send. */
  tool: (tool: string): string => `mcp.tool.${tool}`,
  failed: (tool: string): string => `mcp.failed.${tool}`,
  /** Artillery counts the engine's errors under this name. */
  error: (code: string): string => `errors.${code}`,
};
