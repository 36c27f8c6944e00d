import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isVariable, placeholdersOf } from './template.js';

/** One call of a tool. */
export interface Step {
  readonly tool: string;
  /** Texts may hold placeholders: `{{ session }}`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What later steps need of the result: a path to the value for each variable. */
  readonly capture: Readonly<Record<string, string>>;
}

/** Calls that one agent makes, each after the answer to the one before. */
export interface Flow {
  readonly name: string;
  /** How often it starts, relative to the other flows. */
  readonly weight: number;
  readonly steps: readonly Step[];
}

/** A time in which the rate is constant, or grows or falls evenly. */
export interface Phase {
  readonly durationSeconds: number;
  /** Flows a second. */
  readonly fromRate: number;
  readonly toRate: number;
  /** Not counted. */
  readonly isWarmup: boolean;
}

/** The limits for the figures of a run. */
export interface Bars {
  /** Of the slowest tool, from the intended start. */
  readonly p95Ms: number;
  readonly errorShare: number;
  /** Of the machine without the driver. */
  readonly cpuShare: number;
  readonly memoryShare: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Warm-up comes first. */
  readonly phases: readonly Phase[];
  readonly flows: readonly Flow[];
  /** How many exist before the run. */
  readonly sessions: number;
  readonly entriesPerSession: number;
  readonly contentBytes: number;
  /** How a flow chooses its session. */
  readonly choose: 'at random' | 'in turn';
  readonly bars: Bars;
}

export const warmupName = 'warm-up';

const positive = z.number().positive();
const share = z.number().min(0).max(1);

const stepSchema = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
  capture: z.record(z.string(), z.string()).default({}),
});

const flowSchema = z.strictObject({
  name: z.string(),
  weight: positive.default(1),
  engine: z.literal('mcp'),
  flow: z.array(stepSchema).min(1),
});

const settingsSchema = z.strictObject({
  title: z.string(),
  sessions: z.int().positive(),
  entriesPerSession: z.int().min(0).default(0),
  contentBytes: z.int().positive().default(500),
  choose: z.enum(['at random', 'in turn']).default('at random'),
  // By default those of the founding guide.
  bars: z
    .strictObject({
      p95Ms: positive.default(100),
      errorShare: share.default(0.001),
      cpuShare: share.default(0.7),
      memoryShare: share.default(0.8),
    })
    .prefault({}),
});

/** In the format of Artillery, with the settings of the engine `mcp`. `scenarios` may be the name of a file with the same. */
const fileSchema = z.strictObject({
  config: z.strictObject({
    phases: z
      .array(
        z.strictObject({
          name: z.string().optional(),
          duration: positive,
          arrivalRate: z.number().min(0),
          rampTo: z.number().min(0).optional(),
        }),
      )
      .min(1),
    engines: z.strictObject({ mcp: settingsSchema }),
  }),
  scenarios: z.union([z.array(flowSchema).min(1), z.string()]),
});

const scenarioFolder = join(import.meta.dirname, '..', '..', 'scenarios');

/** In alphabetical order. */
export const scenarioNames: readonly string[] = readdirSync(scenarioFolder)
  .filter((file) => file.endsWith('.yml'))
  .map((file) => basename(file, '.yml'))
  .toSorted();

/** @throws Error for a file that is no scenario */
export const readScenario = (name: string): Scenario =>
  parseScenario(name, readFileSync(join(scenarioFolder, `${name}.yml`), 'utf8'));

/** @throws Error for a text that is no scenario, or needs a variable that does not exist */
export function parseScenario(name: string, text: string): Scenario {
  const checked = fileSchema.safeParse(parse(text));
  if (!checked.success) throw new Error(`${name}:\n${z.prettifyError(checked.error)}`);
  const { config, scenarios } = checked.data;
  const phases = config.phases.map(({ name: phase, duration, arrivalRate, rampTo = arrivalRate }): Phase => ({
    durationSeconds: duration,
    fromRate: arrivalRate,
    toRate: rampTo,
    isWarmup: phase === warmupName,
  }));
  if (phases.some(({ isWarmup }, index) => isWarmup && phases[index - 1]?.isWarmup === false)) {
    throw new Error(`${name}: a ${warmupName} comes before what is counted.`);
  }
  if (phases.every(({ isWarmup }) => isWarmup)) throw new Error(`${name}: nothing is counted.`);
  const flows =
    typeof scenarios === 'string'
      ? readScenario(scenarios).flows
      : scenarios.map(({ flow, ...named }): Flow => ({ name: named.name, weight: named.weight, steps: flow }));
  for (const flow of flows) checkVariables(flow, name);
  return { name, phases, flows, ...config.engines.mcp };
}

function checkVariables({ name, steps }: Flow, scenario: string): void {
  const captured = new Set<string>();
  for (const step of steps) {
    for (const variable of placeholdersOf(step.arguments)) {
      if (isVariable(variable) || captured.has(variable)) continue;
      throw new Error(`${scenario}: ${name} needs {{ ${variable} }}, which nothing provides.`);
    }
    for (const variable of Object.keys(step.capture)) captured.add(variable);
  }
}

/** What the command line may change in a scenario. */
export interface Changes {
  /** Flows a second, at the peak. */
  readonly rate?: number | undefined;
  /** Of all counted phases together. */
  readonly durationSeconds?: number | undefined;
  readonly warmupSeconds?: number | undefined;
  readonly sessions?: number | undefined;
}

/** Scales a scenario. A warm-up that is not given is at most as long as what is counted. */
export function changeScenario(scenario: Scenario, changes: Changes): Scenario {
  const { rate, durationSeconds, warmupSeconds, sessions = scenario.sessions } = changes;
  const times = rate === undefined ? 1 : rate / highestRate(scenario);
  const counted = secondsOf(scenario.phases, false);
  const warmup = secondsOf(scenario.phases, true);
  const newCounted = durationSeconds ?? counted;
  const newWarmup = warmupSeconds ?? Math.min(warmup, newCounted);
  const phases = scenario.phases
    .map((phase) => ({
      ...phase,
      // Multiplying first keeps a tenth of a second exact.
      durationSeconds:
        (phase.durationSeconds * (phase.isWarmup ? newWarmup : newCounted)) / (phase.isWarmup ? warmup : counted),
      fromRate: phase.fromRate * times,
      toRate: phase.toRate * times,
    }))
    .filter((phase) => phase.durationSeconds > 0);
  return { ...scenario, phases, sessions };
}

export const highestRate = ({ phases }: Scenario): number =>
  Math.max(...phases.flatMap(({ fromRate, toRate }) => [fromRate, toRate]));

export const secondsOf = (phases: readonly Phase[], isWarmup: boolean): number =>
  phases.filter((phase) => phase.isWarmup === isWarmup).reduce((sum, phase) => sum + phase.durationSeconds, 0);
