import type { Readable } from 'node:stream';
import type { Output } from './output/output.js';
import type { ProgressStream } from './output/progress.js';
import type { TargetOpener } from './targets/open-target.js';

/** The environment variables of the program. */
export type Env = Readonly<Record<string, string | undefined>>;

/** A standard stream of the program. */
export type Input = Readable & { readonly isTTY?: boolean };

/** What commands use of the program that runs them. */
export interface CommandContext extends TargetOpener {
  readonly env: Env;
  /** The standard input. */
  readonly input: Input;
  /** The standard output. */
  readonly output: Output;
  /** The standard error: for questions and progress. Failures are thrown. */
  readonly errors: ProgressStream;
  /** Aborts with the first stop signal. */
  readonly signal: AbortSignal;
  /** Says that a stop signal ends this command as its user expects, so that no message is printed. */
  readonly endsByStop: () => void;
}
