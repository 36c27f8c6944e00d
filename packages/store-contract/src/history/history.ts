import type { EntryRecord, HandoffRecord, ResolveHandoff, SessionRecord } from '@org/domain';

/** When a call began and ended: places in one order of all beginnings and ends, as their caller saw them. */
interface Interval {
  readonly began: number;
  readonly ended: number;
}

/** An append that was sent. Each content of a history is sent as one entry; tries of one append share it. */
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

/** An end of a handoff that was answered, and by what its caller was known. */
export interface AcknowledgedResolution
  extends Interval, Pick<ResolveHandoff, 'agent' | 'outcome' | 'claimant' | 'epoch'> {
  readonly handoff: HandoffRecord;
  readonly replayed: boolean;
}

/** A session as some answer showed it. */
export interface SightedSession extends Interval {
  readonly session: SessionRecord;
}

/** A log at the end, whole. */
export interface FinalLog {
  readonly session: SessionRecord;
  readonly entries: readonly EntryRecord[];
}

/** What happened to the sessions of one namespace, as those saw it who made the calls. No session was deleted. */
export interface History {
  readonly sent: readonly SentAppend[];
  readonly appends: readonly AcknowledgedAppend[];
  readonly claims: readonly AcknowledgedClaim[];
  readonly resolutions: readonly AcknowledgedResolution[];
  readonly sightings: readonly SightedSession[];
  readonly logs: readonly FinalLog[];
}
