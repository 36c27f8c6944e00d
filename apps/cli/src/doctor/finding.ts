/** How bad a finding is. A warning works today; a problem does not, or loses data. */
export type FindingState = 'ok' | 'warning' | 'problem';

/** What a check found. */
export interface Finding {
  /** What was looked at, such as `database`. */
  readonly check: string;
  readonly state: FindingState;
  /** What is so, in one sentence or less. It never holds a secret. */
  readonly message: string;
  /** What to do about a warning or a problem. */
  readonly advice?: string;
}

/** Makes the findings of one check. */
export interface Findings {
  readonly ok: (message: string) => Finding;
  readonly warning: (message: string, advice: string) => Finding;
  /** @param advice default: the message says it */
  readonly problem: (message: string, advice?: string) => Finding;
}

/** @param check what is looked at */
export const findingsOf = (check: string): Findings => ({
  ok: (message) => ({ check, state: 'ok', message }),
  warning: (message, advice) => ({ check, state: 'warning', message, advice }),
  problem: (message, advice) => ({ check, state: 'problem', message, ...(advice !== undefined && { advice }) }),
});
