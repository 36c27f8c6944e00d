import type { Arbitrary } from 'fast-check';
import type { ReachedTools } from './reached-tools.js';

export type Env = Readonly<Record<string, string>>;

/** A server process, and what it is sent. */
export interface FuzzTarget<Case> {
  readonly cases: Arbitrary<Case>;
  readonly reachedTools: ReachedTools;
  /** Sends one case, and then a normal call. @throws Error when either was not answered as it should be */
  readonly send: (sent: Case) => Promise<void>;
  /** @throws Error when the process died, or wrote what no log should hold */
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
}
