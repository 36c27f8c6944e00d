import { describeDisturbance } from '@org/measure/cpu';
import { MissingService } from '@org/measure/run-command';
import { spread, type Spread } from '@org/measure/statistics';
import { availableParallelism } from 'node:os';
import { hostShare, othersShare } from './closed-loop.js';
import { writeProfile, type WrittenProfile } from './cpu-profile.js';
import { fact, type Bar, type Comparison, type Figure, type RoundSamples, type Row, type RowContext } from './row.js';

/** With fewer rounds, figures are shown and not judged. */
export const leastRounds = 5;

/** `not judged` after too few rounds. */
export type Verdict = 'holds' | 'does not hold' | 'not judged';

export interface RowReport {
  readonly name: string;
  readonly title: string;
  readonly settings: Readonly<Record<string, string>>;
  /** The service that could not be used. The row then has no figures. */
  readonly missing?: string | undefined;
  /** Set if the machine had other work. */
  readonly disturbance?: string | undefined;
  readonly variants: readonly VariantReport[];
  readonly comparisons: readonly ComparisonReport[];
  readonly profile?: WrittenProfile | undefined;
}

/** Each figure over the rounds. */
export interface VariantReport {
  readonly name: string;
  readonly callsPerSecond?: Spread | undefined;
  readonly p50Ms?: Spread | undefined;
  readonly p95Ms?: Spread | undefined;
  readonly facts: Readonly<Record<string, Spread>>;
}

export interface ComparisonReport {
  readonly name: string;
  /** Over the rounds, each ratio taken within its round. */
  readonly value: Spread;
  readonly bar?: Bar | undefined;
  /** By the median. Set if there is a bar. */
  readonly verdict?: Verdict | undefined;
}

export interface MeasureRowOptions extends Omit<RowContext, 'resources'> {
  readonly isProfiling: boolean;
}

/** Measures a row. What the row opened is removed when this resolves or throws. */
export async function measureRow(row: Row, options: MeasureRowOptions): Promise<RowReport> {
  await using resources = new AsyncDisposableStack();
  try {
    return await measure(row, { ...options, resources }, options.isProfiling);
  } catch (error) {
    if (!(error instanceof MissingService)) throw error;
    return { name: row.name, title: row.title, settings: {}, missing: error.message, variants: [], comparisons: [] };
  }
}

async function measure(row: Row, context: RowContext, isProfiling: boolean): Promise<RowReport> {
  const { effort, progress } = context;
  const open = await row.open(context);
  const rounds: RoundSamples[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    progress(`round ${round + 1} of ${effort.rounds}`);
    rounds.push(await open.measureRound(round));
  }
  const canJudge = !effort.isQuick && effort.rounds >= leastRounds;
  const profile = isProfiling ? await open.profile?.() : undefined;
  const variants = [...(rounds[0]?.keys() ?? [])].map((name) => reportVariant(name, rounds));
  return {
    name: row.name,
    title: row.title,
    settings: open.settings,
    disturbance: disturbanceOf(variants),
    variants,
    comparisons: open.comparisons.map((comparison) => reportComparison(comparison, rounds, canJudge)),
    ...(profile !== undefined && { profile: await writeProfile(row.name, profile) }),
  };
}

function reportVariant(name: string, rounds: readonly RoundSamples[]): VariantReport {
  const samples = rounds.map((round) => round.get(name)).filter((sample) => sample !== undefined);
  const over = (figure: Figure): Spread | undefined => spreadOf(samples.map(figure));
  const factNames = new Set(samples.flatMap(({ facts }) => Object.keys(facts ?? {})));
  return {
    name,
    callsPerSecond: over((sample) => sample.callsPerSecond),
    p50Ms: over((sample) => sample.p50Ms),
    p95Ms: over((sample) => sample.p95Ms),
    facts: Object.fromEntries([...factNames].map((key) => [key, over(fact(key))])) as VariantReport['facts'],
  };
}

function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : spread(known);
}

function reportComparison(
  { name, value, bar }: Comparison,
  rounds: readonly RoundSamples[],
  canJudge: boolean,
): ComparisonReport {
  const values = spread(rounds.map(value));
  const verdict = bar && (canJudge ? judge(values.median, bar) : 'not judged');
  return { name, value: values, ...(bar !== undefined && { bar, verdict }) };
}

const judge = (value: number, bar: Bar): Verdict =>
  ('atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost) ? 'holds' : 'does not hold';

/** The disturbance of the variant that was disturbed most. */
function disturbanceOf(variants: readonly VariantReport[]): string | undefined {
  const coresOf = (name: string, { facts }: VariantReport): number =>
    ((facts[name]?.median ?? 0) / 100) * availableParallelism();
  const usages = variants.map((variant) => ({
    others: coresOf(othersShare, variant),
    stolen: coresOf(hostShare, variant),
  }));
  const [most] = usages.toSorted((a, b) => b.others + b.stolen - a.others - a.stolen);
  return most === undefined ? undefined : describeDisturbance(most);
}
