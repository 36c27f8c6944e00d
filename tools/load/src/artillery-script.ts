import type { Era } from '@org/bench/mcp-client';
import { warmupName, type Scenario } from './scenario.js';
import type { PoolSettings } from './session-pool.js';

/** What the engine needs besides the steps. */
export interface ArtillerySettings extends PoolSettings {
  readonly run: string;
  readonly era: Era;
}

/** Of the environment: the bearer token, if the server asks for one. */
export const tokenVariable = 'LOAD_TOKEN';

/** A script, as far as we write it and the engine reads it. */
export interface ArtilleryScript {
  readonly config: {
    readonly target: string;
    readonly phases: readonly object[];
    readonly engines: { readonly mcp: ArtillerySettings };
  };
  readonly scenarios: readonly ArtilleryFlow[];
}

export interface ArtilleryFlow {
  readonly name: string;
  readonly weight: number;
  readonly engine: 'mcp';
  readonly flow: Scenario['flows'][number]['steps'];
}

/** The scenario file with what the command line changed. */
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
    scenarios: flows.map(({ name, weight, steps }) => ({ name, weight, engine: 'mcp', flow: steps })),
  };
}

/** The names of what the engine measures, as they stand in Artillery's own report. */
export const metricNames = {
  all: 'mcp.all',
  /** Milliseconds from the send. */
  tool: (tool: string): string => `mcp.tool.${tool}`,
  failed: (tool: string): string => `mcp.failed.${tool}`,
  /** Artillery makes it of the errors that it is told. */
  error: (code: string): string => `errors.${code}`,
};
