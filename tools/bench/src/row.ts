import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleText } from '@org/measure/sample-text';
import type { CpuProfile } from './cpu-profile.js';

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Runs before each measurement, and is not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Just enough to see that everything works. The figures mean nothing. */
  readonly isQuick: boolean;
}

/** What a row is given. */
export interface RowContext {
  readonly effort: Effort;
  /** Fires if the run is stopped: a measurement then throws at once. */
  readonly signal: AbortSignal;
  /** A row defers the removal of what it opens. All of it is removed however the run ends. */
  readonly resources: AsyncDisposableStack;
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

/** What the median of a comparison must be. */
export type Bar = { readonly atLeast: number } | { readonly atMost: number };

/** One variant against what limits it. */
export interface Comparison {
  readonly name: string;
  /** The figure of one round. NaN holds no bar. */
  readonly value: (round: RoundSamples) => number;
  /** Without a bar, a comparison is shown and not judged. */
  readonly bar?: Bar | undefined;
}

/** A row that is ready to be measured. */
export interface OpenRow {
  readonly measureRound: (round: number) => Promise<RoundSamples>;
  readonly comparisons: readonly Comparison[];
  /** What it ran on and with: versions, sizes, settings of a server. */
  readonly settings: Readonly<Record<string, string>>;
  /** Runs the product once more under a profiler. */
  readonly profile?: (() => Promise<CpuProfile>) | undefined;
}

/** One row of the table of targets. */
export interface Row {
  /** In kebab-case; its file has that name. */
  readonly name: string;
  /** What is measured, in one line. */
  readonly title: string;
  /** @throws MissingService if it cannot be measured on this machine */
  readonly open: (context: RowContext) => Promise<OpenRow>;
}

/** The text of every entry: 500 bytes. */
export const content: string = sampleText(500);

export type Figure = (sample: Sample) => number | undefined;

export const callsPerSecond: Figure = (sample) => sample.callsPerSecond;
export const p50Ms: Figure = (sample) => sample.p50Ms;
export const fact =
  (name: string): Figure =>
  ({ facts }) =>
    facts?.[name];

/** Compares two variants of a round by one figure. */
export function compare(
  [variant, limit]: readonly [variant: string, limit: string],
  figure: Figure,
  combine: (figure: number, limit: number) => number = (ours, theirs) => ours / theirs,
): Comparison['value'] {
  const valueOf = (round: RoundSamples, name: string): number => figure(round.get(name) ?? {}) ?? NaN;
  return (round) => combine(valueOf(round, variant), valueOf(round, limit));
}

/** Calls a second of a variant, as a multiple of those of its limit. */
export const rateAgainst = (variant: string, limit: string, bar?: Bar): Comparison => ({
  name: `${variant} / ${limit}`,
  value: compare([variant, limit], callsPerSecond),
  bar,
});

/** Creates a folder, and defers its removal. */
export async function temporaryFolder({ resources }: Pick<RowContext, 'resources'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-bench-'));
  resources.defer(() => rm(folder, { recursive: true }));
  return folder;
}
