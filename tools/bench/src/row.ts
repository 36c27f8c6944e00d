import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The subject of a file: what is measured on one set-up. `--only` chooses it by its name. */
export interface Subject {
  /** In kebab-case. Its file has that name. */
  readonly name: string;
  /** What is measured, in one line. */
  readonly title: string;
  /** Opens what the rows need. Throws `MissingService` if this machine lacks it. */
  readonly open: (context: Context) => Promise<OpenSubject>;
}

export interface OpenSubject {
  readonly rows: readonly Row[];
  /** What the rows ran on and with: versions, sizes, settings of a server. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The product beside what limits it. In each round the sides take turns, and their ratio is taken within the round. */
export type Row = RateRow | LatencyRow;

/** Compares calls a second: each side runs for seconds before the next one does. */
export interface RateRow extends Compared<Measured> {
  readonly calls?: undefined;
}

/** Compares the p50 of single calls: one call of each side in turn, so that other work of the machine meets all alike. */
export interface LatencyRow extends Compared<Called> {
  /** How many calls of each side count in a round. A tenth as many run before them. */
  readonly calls: number;
}

interface Compared<Side> {
  readonly name: string;
  readonly ours: Side;
  readonly limit: Side;
  /** A second limit, which is shown and not judged. */
  readonly beside?: Side | undefined;
  /** What the median of ours / limit must be. Without a bar, the ratio is shown and not judged. */
  readonly bar?: Bar | undefined;
}

export type Bar = { readonly atLeast: number } | { readonly atMost: number };

export interface Measured {
  readonly name: string;
  /** Brings the side to the state in which every round begins, and measures it. */
  readonly measure: () => Promise<Sample>;
}

export interface Called {
  readonly name: string;
  readonly call: () => Promise<unknown>;
  /** Runs before each call, and is not timed. */
  readonly prepare?: (() => Promise<unknown>) | undefined;
}

/** The figures of one side in one round, by names that say their unit: `calls/s`, `p50 ms` … */
export type Sample = Readonly<Record<string, number>>;

/** How long to measure. */
export interface Effort {
  readonly rounds: number;
  /** Runs before each rate is measured, and is not counted. */
  readonly warmupMs: number;
  readonly measureMs: number;
  /** Just enough to see that everything works. The figures mean nothing. */
  readonly isQuick: boolean;
}

/** What a subject is given. */
export interface Context {
  readonly effort: Effort;
  /** Fires if the run is stopped: a measurement then throws at once. */
  readonly signal: AbortSignal;
  /** A subject defers the removal of what it opens. All of it is removed however the run ends. */
  readonly resources: AsyncDisposableStack;
  readonly progress: (text: string) => void;
}

/** The text of every entry: 500 bytes. */
export const content: string = 'Decided: the log is immutable, and readers keep their positions. '
  .repeat(8)
  .slice(0, 500);

/** How many of them a read of the newest entries shows. */
export const shownEntries = 50;

/** Creates a folder, and defers its removal. */
export async function temporaryFolder({ resources }: Pick<Context, 'resources'>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'context-store-bench-'));
  resources.defer(() => rm(folder, { recursive: true }));
  return folder;
}
