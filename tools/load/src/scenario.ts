import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';

const positive = z.number().positive();
const rate = z.number().min(0);

/** One call of a tool. Texts of its arguments may hold placeholders: `{{ session }}`. */
const stepSchema = z.strictObject({
  tool: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
  /** What later steps need of the result: a path to the text for each variable. */
  capture: z.record(z.string(), z.string()).default({}),
});

/** Calls that one agent makes, each after the answer to the one before. */
const flowSchema = z.strictObject({
  name: z.string(),
  /** How often it starts, relative to the other flows. */
  weight: positive,
  engine: z.literal('mcp'),
  flow: z.array(stepSchema).min(1),
});

/** Flows a second, which grow or fall evenly if there is a `rampTo`. A phase named `warm-up` is not counted. */
const phaseSchema = z.strictObject({
  name: z.literal('warm-up').optional(),
  duration: positive,
  arrivalRate: rate,
  rampTo: rate.optional(),
});

/** The limits for the figures of a run. By default they are those of the founding guide. */
const barsSchema = z.strictObject({
  /** Of the slowest tool, from the intended start. */
  p95Ms: positive.default(100),
  errorShare: z.number().min(0).max(1).default(0.001),
});

const settingsSchema = z.strictObject({
  title: z.string(),
  /** How many exist before the run. */
  sessions: z.int().positive(),
  entriesPerSession: z.int().min(0).default(0),
  /** How a flow chooses its session. */
  choose: z.enum(['at random', 'in turn']).default('at random'),
  bars: barsSchema.prefault({}),
});

const fileSchema = z.strictObject({
  config: z.strictObject({
    phases: z.array(phaseSchema),
    engines: z.strictObject({ mcp: settingsSchema }),
  }),
  /** The flows, or the name of a scenario that has them. */
  scenarios: z.union([z.array(flowSchema).min(1), z.string()]),
});

export type Flow = z.output<typeof flowSchema>;
export type Phase = z.output<typeof phaseSchema>;
export type Bars = z.output<typeof barsSchema>;

export interface Scenario extends z.output<typeof settingsSchema> {
  readonly name: string;
  readonly phases: readonly Phase[];
  readonly flows: readonly Flow[];
}

const folder = join(import.meta.dirname, '../scenarios');

/** In alphabetical order. */
export const scenarioNames: readonly string[] = readdirSync(folder)
  .map((file) => basename(file, '.yml'))
  .toSorted();

/** @throws ZodError for a file that is no scenario */
export function readScenario(name: string): Scenario {
  const { config, scenarios } = fileSchema.parse(parse(readFileSync(join(folder, `${name}.yml`), 'utf8')));
  const flows = typeof scenarios === 'string' ? readScenario(scenarios).flows : scenarios;
  return { name, phases: config.phases, flows, ...config.engines.mcp };
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
  const { rate: peak, durationSeconds, warmupSeconds, sessions = scenario.sessions } = changes;
  const times = peak === undefined ? 1 : peak / peakRate(scenario);
  const [warmup, counted] = [warmupSecondsOf(scenario), countedSecondsOf(scenario)];
  const newCounted = durationSeconds ?? counted;
  const newWarmup = warmupSeconds ?? Math.min(warmup, newCounted);
  const phases = scenario.phases.map(({ duration, arrivalRate, rampTo, ...phase }) => ({
    ...phase,
    // Multiplying first keeps a tenth of a second exact.
    duration: isWarmup(phase) ? (duration * newWarmup) / warmup : (duration * newCounted) / counted,
    arrivalRate: arrivalRate * times,
    ...(rampTo !== undefined && { rampTo: rampTo * times }),
  }));
  return { ...scenario, phases: phases.filter(({ duration }) => duration > 0), sessions };
}

export const isWarmup = ({ name }: Pick<Phase, 'name'>): boolean => name === 'warm-up';

/** The most flows a second. */
export const peakRate = ({ phases }: Scenario): number =>
  Math.max(...phases.flatMap(({ arrivalRate, rampTo = 0 }) => [arrivalRate, rampTo]));

export const warmupSecondsOf = ({ phases }: Scenario): number => secondsOf(phases.filter(isWarmup));
export const countedSecondsOf = ({ phases }: Scenario): number => secondsOf(phases.filter((phase) => !isWarmup(phase)));

const secondsOf = (phases: readonly Phase[]): number => phases.reduce((sum, { duration }) => sum + duration, 0);
