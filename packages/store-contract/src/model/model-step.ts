import type { ModelSide, Outcome } from './model-side.js';

/** One command as it was sent, and what the two stores made of it. */
export interface PlayedStep {
  readonly text: string;
  readonly expected: Outcome;
  readonly actual: Outcome;
  readonly isSame: boolean;
}

/** A command in which everything has its name. */
export interface Step {
  readonly text: string;
  readonly run: (side: ModelSide) => Promise<unknown>;
  /** The handoff that it makes, unless it is refused. */
  readonly offers?: string;
}
