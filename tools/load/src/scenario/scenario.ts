import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { isVariable, placeholdersOf } from './template.js';

export const warmupName = 'warm-up';

const positive = z.number().positive();
const share = z.number().min(0).max(1);

/** One call of a tool. Texts of its arguments may hold placeholders: `{{ session }}`. */
const stepSchema = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
  /** What later steps need of the result: a path to the value for each variable. */
  capture: z.record(z.string(), z.string()).default({}),
});

/** Calls that one agent makes, each after the answer to the one before. */
const flowSchema = z.strictObject({
  name: z.string(),
  /** How often it starts, relative to the other flows. */
  weight: positive.default(1),
  engine: z.literal('mcp'),
  flow: z.array(stepSchema).min(1),
});

const phaseSchema = z
  .strictObject({
    name: z.string().optional(),
    duration: positive,
    arrivalRate: z.number().min(0),
    rampTo: z.number().min(0).optional(),
  })
  .transform(({ name, duration, arrivalRate, rampTo = arrivalRate }) => ({
    durationSeconds: duration,
    /** Flows a second, which grow or fall evenly. */
    fromRate: arrivalRate,
    toRate: rampTo,
    /** Not counted. */
    isWarmup: name === warmupName,
  }));

/** The limits for the figures of a run. By default they are those of the founding guide. */
const barsSchema = z.strictObject({
  /** Of the slowest tool, from the intended start. */
  p95Ms: positive.default(100),
  errorShare: share.default(0.001),
  /** Of the machine without the driver. */
  cpuShare: share.default(0.7),
  memoryShare: share.default(0.8),
});

const settingsSchema = z.strictObject({
  title: z.string(),
  /** How many exist before the run. */
  sessions: z.int().positive(),
  entriesPerSession: z.int().min(0).default(0),
  contentBytes: z.int().positive().default(500),
  /** How a flow chooses its session. */
  choose: z.enum(['at random', 'in turn']).default('at random'),
  bars: barsSchema.prefault({}),
});

/** In the format of Artillery, with the settings of the engine `mcp`. */
const fileSchema = z.strictObject({
  config: z.strictObject({
    phases: z.array(phaseSchema).min(1),
    engines: z.strictObject({ mcp: settingsSchema }),
  }),
  /** Or the name of a scenario with the same flows. */
  scenarios: z.union([z.array(flowSchema).min(1), z.string()]),
});

export type Flow = Readonly<z.output<typeof flowSchema>>;
export type Phase = Readonly<z.output<typeof phaseSchema>>;
export type Bars = Readonly<z.output<typeof barsSchema>>;

export interface Scenario extends Readonly<z.output<typeof settingsSchema>> {
  readonly name: string;
  /** Warm-up comes first. */
  readonly phases: readonly Phase[];
  readonly flows: readonly Flow[];
}

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
  const { phases } = config;
  if (phases.some(({ isWarmup }, index) => isWarmup && phases[index - 1]?.isWarmup === false)) {
    throw new Error(`${name}: a ${warmupName} comes before what is counted.`);
  }
  if (phases.every(({ isWarmup }) => isWarmup)) throw new Error(`${name}: nothing is counted.`);
  const flows = typeof scenarios === 'string' ? readScenario(scenarios).flows : scenarios;
  for (const flow of flows) checkVariables(flow, name);
  return { name, phases, flows, ...config.engines.mcp };
}

function checkVariables({ name, flow }: Flow, scenario: string): void {
  const captured = new Set<string>();
  for (const step of flow) {
    const unknown = placeholdersOf(step.arguments).find((variable) => !isVariable(variable) && !captured.has(variable));
    if (unknown !== undefined) throw new Error(`${scenario}: ${name} needs {{ ${unknown} }}, which nothing provides.`);
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
  const [warmup, counted] = [secondsOf(scenario.phases, true), secondsOf(scenario.phases, false)];
  const newCounted = durationSeconds ?? counted;
  const newWarmup = warmupSeconds ?? Math.min(warmup, newCounted);
  const scaled = scenario.phases.map(({ durationSeconds: before, isWarmup, fromRate, toRate }) => ({
    // Multiplying first keeps a tenth of a second exact.
    durationSeconds: (before * (isWarmup ? newWarmup : newCounted)) / (isWarmup ? warmup : counted),
    fromRate: fromRate * times,
    toRate: toRate * times,
    isWarmup,
  }));
  return { ...scenario, phases: scaled.filter((phase) => phase.durationSeconds > 0), sessions };
}

export const highestRate = ({ phases }: Scenario): number =>
  Math.max(...phases.flatMap(({ fromRate, toRate }) => [fromRate, toRate]));

export const secondsOf = (phases: readonly Phase[], isWarmup: boolean): number =>
  phases.filter((phase) => phase.isWarmup === isWarmup).reduce((sum, phase) => sum + phase.durationSeconds, 0);
