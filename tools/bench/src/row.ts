import type { CpuProfile } from './cpu-profile.js';

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Runs before each measurement, and is not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Just enough to see that everything works: the figures mean nothing. */
  readonly isQuick: boolean;
}

/** What a row is given. */
export interface RowContext {
  readonly effort: Effort;
  /** Fires when the run is called off: a measurement then ends at once, by throwing. */
  readonly signal: AbortSignal;
  /** What the row opens, it defers the removal of. It is disposed of however the run ends. */
  readonly resources: AsyncDisposableStack;
  /** Says what is going on, to whoever waits. */
  readonly progress: (text: string) => void;
}

/** One variant in one round. */
export interface Sample {
  readonly callsPerSecond?: number | undefined;
  readonly p50Ms?: number | undefined;
  readonly p95Ms?: number | undefined;
  /** Anything else, under a name that says its unit. */
  readonly facts?: Readonly<Record<string, number>> | undefined;
}

/** All variants in one round, by name. */
export type RoundSamples = ReadonlyMap<string, Sample>;

/** What a comparison must come to. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number };

/** One variant against what bounds it. */
export interface Comparison {
  readonly name: string;
  /**
   * Of one round: both sides were measured within a minute of each other, on a machine in the same mood.
   *
   * @param sample finds a variant of the round
   * @throws MissingSample through `sample`, when a side was not measured: the comparison has no value then
   */
  readonly value: (sample: (variant: string) => Sample) => number;
  /** Absent: shown, and not judged. */
  readonly bar?: Bar | undefined;
}

/** A row that is ready to be measured. */
export interface OpenRow {
  /** @throws VoidMeasurement for figures that would mislead */
  readonly measureRound: (round: number) => Promise<RoundSamples>;
  readonly comparisons: readonly Comparison[];
  /** What it ran on and with: versions, sizes, settings of a server. */
  readonly settings: Readonly<Record<string, string>>;
  /** What would be needed to measure all of it, each with the way to get it. */
  readonly missing?: readonly string[] | undefined;
  /** Runs the product once more, and says where the time of its process went. */
  readonly profile?: (() => Promise<CpuProfile>) | undefined;
}

/** One row of the table of targets. */
export interface Row {
  /** kebab-case; its file is named for it. */
  readonly name: string;
  /** What is measured, in one line. */
  readonly title: string;
  /** @throws MissingService when nothing of it can be measured here */
  readonly open: (context: RowContext) => Promise<OpenRow>;
}

/** A row needs something that this machine has not got. The message names it, and the way to get it. */
export class MissingService extends Error {
  override readonly name: string = 'MissingService';
}

/** A row found out that its figures tell nothing. The message says why; no figure of it is shown. */
export class VoidMeasurement extends Error {
  override readonly name: string = 'VoidMeasurement';
}

/** A comparison asked for a variant that was not measured. */
export class MissingSample extends Error {
  override readonly name: string = 'MissingSample';
}

/** What was opened; undefined when it needs something that is missing, which is noted down. */
export async function orMissing<T>(opening: Promise<T>, missing: string[]): Promise<T | undefined> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof MissingService)) throw error;
    missing.push(error.message);
    return undefined;
  }
}
