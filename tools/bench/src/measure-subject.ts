import { describeDisturbance } from '@org/measure/cpu';
import { createLatencies } from '@org/measure/latencies';
import { MissingService } from '@org/measure/run-command';
import { spread, type Spread } from '@org/measure/statistics';
import { otherWork } from './closed-loop.js';
import type { Bar, Context, LatencyRow, RateRow, Row, Sample, Subject } from './row.js';

/** With fewer rounds, figures are shown and not judged. */
export const leastRounds = 5;

/** `not judged` after too few rounds. */
export type Verdict = 'holds' | 'does not hold' | 'not judged';

export interface SubjectReport {
  readonly name: string;
  readonly title: string;
  /** The service that could not be used. The subject then has no rows. */
  readonly missing?: string | undefined;
  /** Set if the machine had other work. */
  readonly disturbance?: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
  readonly rows: readonly RowReport[];
}

export interface RowReport {
  readonly name: string;
  /** The product's comes first. */
  readonly sides: readonly SideReport[];
}

export interface SideReport {
  readonly name: string;
  /** Each figure over the rounds. */
  readonly figures: Readonly<Record<string, Spread>>;
  /** The product's figure / that of this limit over the rounds, each ratio taken within its round. */
  readonly ratio?: Spread | undefined;
  readonly bar?: Bar | undefined;
  /** By the median. Set if there is a bar. */
  readonly verdict?: Verdict | undefined;
}

/** What is left of the context once a subject is open. */
type Options = Omit<Context, 'resources'>;

/** Measures a subject. What it opened is removed when this resolves or throws. */
export async function measureSubject({ name, title, open }: Subject, options: Options): Promise<SubjectReport> {
  const { effort, progress } = options;
  await using resources = new AsyncDisposableStack();
  try {
    const { rows, settings } = await open({ ...options, resources });
    const measured = rows.map((row) => ({ row, rounds: [] as Sample[][] }));
    for (let round = 0; round < effort.rounds; round += 1) {
      progress(`round ${round + 1} of ${effort.rounds}`);
      for (const { row, rounds } of measured) rounds.push(await measureRow(row, round, options));
    }
    const canJudge = !effort.isQuick && effort.rounds >= leastRounds;
    const reports = measured.map(({ row, rounds }) => reportRow(row, rounds, canJudge));
    return { name, title, disturbance: disturbanceOf(reports), settings, rows: reports };
  } catch (error) {
    if (!(error instanceof MissingService)) throw error;
    return { name, title, missing: error.message, settings: {}, rows: [] };
  }
}

/** Returns a sample for each side, in the order of `sidesOf`. */
const measureRow = (row: Row, round: number, options: Options): Promise<Sample[]> =>
  row.calls === undefined ? measureRates(row, round, options) : measureLatencies(row, options);

async function measureRates(row: RateRow, round: number, { signal, progress }: Options): Promise<Sample[]> {
  const sides = sidesOf(row);
  const samples = new Map<string, Sample>();
  for (const { name, measure } of inOrderOf(round, sides)) {
    signal.throwIfAborted();
    progress(`${row.name}: ${name}`);
    samples.set(name, await measure());
  }
  return sides.map(({ name }) => samples.get(name) ?? {});
}

async function measureLatencies(row: LatencyRow, { signal, effort, progress }: Options): Promise<Sample[]> {
  progress(row.name);
  const calls = effort.isQuick ? 1 : row.calls;
  const uncounted = Math.ceil(calls / 10);
  const sides = sidesOf(row).map((side) => ({ ...side, latencies: createLatencies() }));
  for (let turn = 0; turn < uncounted + calls; turn += 1) {
    for (const { prepare, call, latencies } of inOrderOf(turn, sides)) {
      signal.throwIfAborted();
      await prepare?.();
      const startMs = performance.now();
      await call();
      if (turn >= uncounted) latencies.record(performance.now() - startMs);
    }
  }
  return sides.map(({ latencies }) => {
    const { p50, p95 } = latencies.percentiles();
    return { 'p50 ms': p50, 'p95 ms': p95 };
  });
}

function sidesOf<Side>({ ours, limit, beside }: { ours: Side; limit: Side; beside?: Side | undefined }): Side[] {
  return beside === undefined ? [ours, limit] : [ours, limit, beside];
}

/**
 * Returns the sides in the order of a round: rotated, and backwards in every second round. So none always comes first, or
 * after the same one.
 */
export function inOrderOf<Side>(round: number, sides: readonly Side[]): Side[] {
  const first = Math.floor(round / 2) % sides.length;
  const rotated = [...sides.slice(first), ...sides.slice(0, first)];
  return round % 2 === 0 ? rotated : rotated.toReversed();
}

function reportRow(row: Row, rounds: readonly Sample[][], canJudge: boolean): RowReport {
  const figureOf = (sample: Sample = {}): number => sample[row.calls === undefined ? 'calls/s' : 'p50 ms'] ?? NaN;
  const sides = sidesOf<{ readonly name: string }>(row).map(({ name }, index): SideReport => {
    const samples = rounds.map((round) => round[index] ?? {});
    const figureNames = new Set(samples.flatMap((sample) => Object.keys(sample)));
    const figures = Object.fromEntries(
      [...figureNames].map((figure) => [figure, spread(samples.map((sample) => sample[figure] ?? NaN))]),
    );
    if (index === 0) return { name, figures };
    const ratio = spread(rounds.map(([ours, ...limits]) => figureOf(ours) / figureOf(limits[index - 1])));
    const { bar } = row;
    if (index > 1 || bar === undefined) return { name, figures, ratio };
    return { name, figures, ratio, bar, verdict: canJudge ? judge(ratio.median, bar) : 'not judged' };
  });
  return { name: row.name, sides };
}

/** NaN holds no bar. */
const judge = (value: number, bar: Bar): Verdict =>
  ('atLeast' in bar ? value >= bar.atLeast : value <= bar.atMost) ? 'holds' : 'does not hold';

/** The disturbance of the side that was disturbed most. */
function disturbanceOf(rows: readonly RowReport[]): string | undefined {
  const shares = rows.flatMap(({ sides }) => sides.map(({ figures }) => (figures[otherWork]?.median ?? 0) / 100));
  return describeDisturbance(Math.max(0, ...shares));
}
