import { writeProfile } from './cpu-profile.js';
import type { ComparisonReport, RowReport, VariantReport, Verdict } from './report.js';
import {
  MissingSample,
  MissingService,
  VoidMeasurement,
  type Bar,
  type Comparison,
  type RoundSamples,
  type Row,
  type RowContext,
  type Sample,
} from './row.js';
import { spread, type Spread } from './statistics.js';

/** Fewer rounds show a figure, and are no verdict. */
export const leastRounds = 5;

export interface MeasureRowOptions extends Omit<RowContext, 'resources'> {
  readonly isProfiling: boolean;
}

/** Measures a row, and compares within each round. What the row opened is gone when this resolves or throws. */
export async function measureRow(row: Row, options: MeasureRowOptions): Promise<RowReport> {
  const resources = new AsyncDisposableStack();
  try {
    return await measure(row, { ...options, resources }, options.isProfiling);
  } catch (error) {
    if (!(error instanceof MissingService || error instanceof VoidMeasurement)) throw error;
    return { name: row.name, title: row.title, settings: {}, missing: [error.message], variants: [], comparisons: [] };
  } finally {
    await resources.disposeAsync();
  }
}

async function measure(row: Row, context: RowContext, isProfiling: boolean): Promise<RowReport> {
  const { effort } = context;
  const open = await row.open(context);
  const rounds: RoundSamples[] = [];
  for (let round = 0; round < effort.rounds; round += 1) {
    context.progress(`round ${round + 1} of ${effort.rounds}`);
    rounds.push(await open.measureRound(round));
  }
  const canJudge = !effort.isQuick && effort.rounds >= leastRounds;
  const profile =
    isProfiling && open.profile !== undefined ? await writeProfile(row.name, await open.profile()) : undefined;
  return {
    name: row.name,
    title: row.title,
    settings: open.settings,
    missing: open.missing ?? [],
    variants: variantReports(rounds),
    comparisons: open.comparisons.map((comparison) => compare(comparison, rounds, canJudge)),
    ...(profile !== undefined && { profile }),
  };
}

/** In the order of the first round. */
function variantReports(rounds: readonly RoundSamples[]): VariantReport[] {
  return [...(rounds[0]?.keys() ?? [])].map((name) => {
    const samples = rounds.map((round) => round.get(name)).filter((sample) => sample !== undefined);
    const factNames = new Set(samples.flatMap(({ facts }) => Object.keys(facts ?? {})));
    return {
      name,
      callsPerSecond: spreadOf(samples, (sample) => sample.callsPerSecond),
      p50Ms: spreadOf(samples, (sample) => sample.p50Ms),
      p95Ms: spreadOf(samples, (sample) => sample.p95Ms),
      facts: Object.fromEntries(
        [...factNames].map((fact) => [fact, spreadOf(samples, (sample) => sample.facts?.[fact])]),
      ) as Record<string, Spread>,
    };
  });
}

function spreadOf(samples: readonly Sample[], pick: (sample: Sample) => number | undefined): Spread | undefined {
  const values = samples.map(pick).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : spread(values);
}

function compare(
  { name, value, bar }: Comparison,
  rounds: readonly RoundSamples[],
  canJudge: boolean,
): ComparisonReport {
  const values = rounds.map((round) => valueIn(round, value)).filter((found) => found !== undefined);
  const found = values.length === 0 ? undefined : spread(values);
  return {
    name,
    ...(found !== undefined && { value: found }),
    ...(bar !== undefined && {
      bar,
      verdict: canJudge && found !== undefined ? judge(found.median, bar) : 'not judged',
    }),
  };
}

function valueIn(round: RoundSamples, value: Comparison['value']): number | undefined {
  try {
    return value((variant) => {
      const sample = round.get(variant);
      if (sample === undefined) throw new MissingSample(variant);
      return sample;
    });
  } catch (error) {
    if (error instanceof MissingSample) return undefined;
    throw error;
  }
}

/** What cannot be computed holds nothing. */
const judge = (value: number, bar: Bar): Verdict =>
  ('atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost) ? 'holds' : 'does not hold';
