import type { ModelSide, Outcome } from './model-side.js';

/** One command as it was sent, and the outcomes of both stores. */
export interface PlayedStep {
  readonly text: string;
  readonly expected: Outcome;
  readonly actual: Outcome;
  readonly isSame: boolean;
}

/** A command whose actors, sessions and handoffs are resolved. */
export interface Step {
  readonly text: string;
  readonly run: (side: ModelSide) => Promise<unknown>;
  /** The id of the handoff that it creates, if any. */
  readonly offers?: string;
}
