import type { SessionRecord, SessionRef } from './store.js';

/** A pending handoff of type `take_over`, as its session knows it. */
export interface TakeOverRequest {
  readonly handoffId: string;
  readonly requestedBy: string;
  readonly requestedAtMs: number;
  readonly expiresAtMs: number;
}

/** Tells the writers of a session that an agent asks for it. */
export interface TakeOverNotice extends Pick<TakeOverRequest, 'handoffId' | 'requestedBy'> {
  /** The owner's last sign of life, but not before the request. */
  readonly lastSignAtMs: number;
}

/** What is known of an owner from which a session was taken over: see `SessionRecord`. */
export interface TookOverRecord {
  readonly from: string;
  readonly lastSequence?: number | undefined;
  readonly lastWroteAtMs?: number | undefined;
}

/** An operator's decision on a session whose owner is gone. */
export interface TakeOverSession extends SessionRef {
  /** The new owner. */
  readonly agent: string;
  readonly reason?: string | undefined;
}

export interface TakenOverSession {
  readonly session: SessionRecord;
  readonly tookOver: TookOverRecord;
}
