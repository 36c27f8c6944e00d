import type { Bar } from './row.js';
import type { Spread } from './statistics.js';

/** `not judged`: too few rounds, or something is missing. */
export type Verdict = 'holds' | 'does not hold' | 'not judged';

/** What `--json` writes. */
export interface Report {
  readonly startedAt: string;
  readonly durationSeconds: number;
  readonly effort: { readonly rounds: number; readonly warmupMs: number; readonly measureMs: number };
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly RowReport[];
}

export interface RowReport {
  readonly name: string;
  readonly title: string;
  /** Of whatever it ran against. */
  readonly settings: Readonly<Record<string, string>>;
  /** What would be needed to measure all of it, each with the way to get it; or why what was measured is void. */
  readonly missing: readonly string[];
  readonly variants: readonly VariantReport[];
  readonly comparisons: readonly ComparisonReport[];
  /** Where the time of the product's process went, most expensive first. */
  readonly profile?: ProfileReport | undefined;
}

/** Each figure over the rounds. */
export interface VariantReport {
  readonly name: string;
  readonly callsPerSecond?: Spread | undefined;
  readonly p50Ms?: Spread | undefined;
  readonly p95Ms?: Spread | undefined;
  /** By names that say their units. */
  readonly facts: Readonly<Record<string, Spread>>;
}

export interface ComparisonReport {
  readonly name: string;
  /** Over the rounds; absent: a side of it could not be measured. */
  readonly value?: Spread | undefined;
  readonly bar?: Bar | undefined;
  /** By the median. Present when there is a bar. */
  readonly verdict?: Verdict | undefined;
}

export interface ProfileReport {
  /** For a browser's developer tools. */
  readonly file: string;
  readonly hottest: readonly { readonly where: string; readonly selfPercent: number }[];
}
