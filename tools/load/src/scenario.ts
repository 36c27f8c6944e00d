import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isVariable, placeholdersOf } from './template.js';

/** One call of a tool. */
export interface Step {
  readonly tool: string;
  /** Texts may hold placeholders: see `template.ts`. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** What later steps need of the result: the variable's name, and the path to its value. */
  readonly capture: Readonly<Record<string, string>>;
}

/** Calls that one agent makes, each after the answer to the one before. */
export interface Flow {
  readonly name: string;
  /** How often it is started, compared with the others. */
  readonly weight: number;
  readonly steps: readonly Step[];
}

/** A time in which flows are started at a rate that stays, or grows or falls evenly. */
export interface Phase {
  readonly durationSeconds: number;
  /** Flows a second. */
  readonly fromRate: number;
  readonly toRate: number;
  /** Not counted. */
  readonly isWarmup: boolean;
}

/** What a run must come to. */
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
  readonly file: string;
  readonly title: string;
  /** Warm-up comes first. */
  readonly phases: readonly Phase[];
  readonly flows: readonly Flow[];
  /** How many exist before the run. */
  readonly sessions: number;
  readonly entriesPerSession: number;
  readonly contentBytes: number;
  /** How a flow comes by its session. */
  readonly choose: 'at random' | 'in turn';
  readonly bars: Bars;
}

/** What is wrong with a scenario file; it is told to the user, with no stack. */
export class ScenarioError extends Error {
  override readonly name: string = 'ScenarioError';
}

const foundingGuide: Bars = { p95Ms: 100, errorShare: 0.001, cpuShare: 0.7, memoryShare: 0.8 };

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
  bars: z
    .strictObject({ p95Ms: positive, errorShare: share, cpuShare: share, memoryShare: share })
    .partial()
    .default({}),
});

/** As Artillery reads it: `config` and `scenarios` are its own words, `engines.mcp` is ours. */
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
  scenarios: z.array(flowSchema).min(1),
});

const scenarioFolder = join(import.meta.dirname, '..', 'scenarios');

/** In alphabetical order. */
export const scenarioNames: readonly string[] = readdirSync(scenarioFolder)
  .filter((file) => file.endsWith('.yml'))
  .map((file) => basename(file, '.yml'))
  .toSorted();

/** @throws ScenarioError */
export const readScenario = (name: string): Scenario => parseScenario(join(scenarioFolder, `${name}.yml`));

/** @throws ScenarioError for what is no scenario, or names a variable that there is not */
export function parseScenario(file: string, text: string = readFileSync(file, 'utf8')): Scenario {
  const checked = fileSchema.safeParse(parse(text));
  if (!checked.success) throw new ScenarioError(`${file}:\n${z.prettifyError(checked.error)}`);
  const { config, scenarios } = checked.data;
  const { bars, ...settings } = config.engines.mcp;
  const flows = scenarios.map(({ name, weight, flow }): Flow => ({ name, weight, steps: flow }));
  for (const flow of flows) checkVariables(flow, file);
  const phases = config.phases.map(({ name, duration, arrivalRate, rampTo }): Phase => ({
    durationSeconds: duration,
    fromRate: arrivalRate,
    toRate: rampTo ?? arrivalRate,
    isWarmup: name === warmupName,
  }));
  if (phases.some(({ isWarmup }, index) => isWarmup && phases[index - 1]?.isWarmup === false)) {
    throw new ScenarioError(`${file}: a ${warmupName} comes before what is counted.`);
  }
  if (phases.every(({ isWarmup }) => isWarmup)) throw new ScenarioError(`${file}: nothing is counted.`);
  const name = basename(file, '.yml');
  return { name, file, phases, flows, ...settings, bars: { ...foundingGuide, ...withoutUndefined(bars) } };
}

function checkVariables({ name, steps }: Flow, file: string): void {
  const captured = new Set<string>();
  for (const step of steps) {
    for (const variable of placeholdersOf(step.arguments)) {
      if (isVariable(variable) || captured.has(variable)) continue;
      throw new ScenarioError(`${file}: ${name} needs {{ ${variable} }}, which nothing provides.`);
    }
    for (const variable of Object.keys(step.capture)) captured.add(variable);
  }
}

const withoutUndefined = <T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;

/** What the command line may change of a scenario. */
export interface Changes {
  /** Flows a second, where the rate is highest. */
  readonly rate?: number | undefined;
  /** Of all that is counted together. */
  readonly durationSeconds?: number | undefined;
  readonly warmupSeconds?: number | undefined;
  readonly sessions?: number | undefined;
}

/** A warm-up that is not named is no longer than what is counted. */
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
      // Multiplied first: a tenth of a second stays one.
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
