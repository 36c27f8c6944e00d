import type { EntryRecord, HandoffRecord, ResolveHandoff, SessionRecord, TookOverRecord } from '@org/domain';

/** When a call began and ended: positions in one order of all beginnings and ends, as the caller saw them. */
interface Interval {
  readonly began: number;
  readonly ended: number;
}

/** An append that was sent. Each append has its own content, which its retries repeat. */
export interface SentAppend {
  readonly sessionKey: string;
  readonly agent: string;
  readonly content: string;
}

/** An append that was answered. */
export interface AcknowledgedAppend extends SentAppend, Interval {
  readonly sequence: number;
  readonly epoch: number;
  readonly replayed: boolean;
}

/** An acceptance that was answered. */
export interface AcknowledgedClaim extends Interval {
  readonly agent: string;
  readonly handoff: HandoffRecord;
  readonly session: SessionRecord;
  readonly replayed: boolean;
}

/** A resolution that was answered, and how its caller identified itself. */
export interface AcknowledgedResolution
  extends Interval, Pick<ResolveHandoff, 'agent' | 'outcome' | 'claimant' | 'epoch'> {
  readonly handoff: HandoffRecord;
  readonly replayed: boolean;
}

/** A take-over that was answered. Its entry stands in the log at its epoch, as the first one. */
export interface AcknowledgedTakeOver extends Interval {
  readonly sessionKey: string;
  /** The new owner, in whose name the entry stands. */
  readonly agent: string;
  readonly epoch: number;
  readonly tookOver: TookOverRecord;
}

/** A session as an answer showed it. */
export interface SightedSession extends Interval {
  readonly session: SessionRecord;
}

/** A whole log, at the end. */
export interface FinalLog {
  readonly session: SessionRecord;
  readonly entries: readonly EntryRecord[];
}

/** All calls on the sessions of one namespace, as their callers saw them. No session was deleted. */
export interface History {
  readonly sent: readonly SentAppend[];
  readonly appends: readonly AcknowledgedAppend[];
  readonly claims: readonly AcknowledgedClaim[];
  readonly resolutions: readonly AcknowledgedResolution[];
  readonly takeOvers: readonly AcknowledgedTakeOver[];
  readonly sightings: readonly SightedSession[];
  readonly logs: readonly FinalLog[];
}
