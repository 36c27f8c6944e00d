import { movesOwnership } from '../../model/handoff.js';
import type { HandoffRecord, SessionRecord } from '../../ports/store.js';
import { isLeaseLapsed, moveOwnership } from './ownership.js';

/** The parts of a session that decide whether its lease has lapsed, and what that does to its handoffs. */
export type LeasedSession = Pick<SessionRecord, 'state' | 'lease' | 'lastSequence' | 'observedAtMs'>;

/**
 * Returns a stored session as of `observedAtMs`. If its lease has lapsed, the requester owns it again, at a new epoch.
 * The result depends only on the row and the clock, so reads need no write.
 */
export function settledSession(stored: SessionRecord): SessionRecord {
  const { lease } = stored;
  if (lease === undefined || !isLeaseLapsed(stored)) return stored;
  return {
    ...stored,
    ...moveOwnership(stored, lease.returnsTo, { lapsedHandoffId: lease.handoffId }),
    version: stored.version + 1,
    updatedAtMs: Math.max(stored.updatedAtMs, lease.expiresAtMs),
  };
}

/**
 * Returns a stored handoff as of the session's `observedAtMs`. A lapse of the session's lease makes the accepted offer
 * pending again, and cancels the other handoffs of ownership that were pending then.
 *
 * @param session the session as stored
 */
export function settledHandoff(stored: HandoffRecord, session: LeasedSession): HandoffRecord {
  const { lease } = session;
  if (lease === undefined || !isLeaseLapsed(session)) return stored;
  if (stored.handoffId === lease.handoffId) return offeredAgain(stored, session.lastSequence, lease.expiresAtMs);
  if (!isCancelledByLapse(stored, lease.expiresAtMs)) return stored;
  return { ...stored, status: 'cancelled', resolvedAtMs: lease.expiresAtMs, reason: 'ownership moved' };
}

/** Whether a lapse of the session's lease at that time cancels this handoff. */
export const isCancelledByLapse = (
  { status, requestType, expiresAtMs = Infinity }: Pick<HandoffRecord, 'status' | 'requestType' | 'expiresAtMs'>,
  lapsedAtMs: number,
): boolean => status === 'pending' && movesOwnership(requestType) && expiresAtMs > lapsedAtMs;

function offeredAgain(accepted: HandoffRecord, uptoSequence: number, lapsedAtMs: number): HandoffRecord {
  const {
    acceptedBy: _former,
    claimant: _process,
    grantedEpoch: _epoch,
    leaseExpiresAtMs: _deadline,
    ...offer
  } = accepted;
  const { createdAtMs, expiresAtMs } = offer;
  return {
    ...offer,
    status: 'pending',
    uptoSequence,
    ...(expiresAtMs !== undefined && { expiresAtMs: standsUntil(createdAtMs, expiresAtMs, lapsedAtMs) }),
  };
}

/** Returns the deadline of an offer after a lapse: its own, or, if that has passed, its original duration again. */
export const standsUntil = (createdAtMs: number, expiresAtMs: number, lapsedAtMs: number): number =>
  expiresAtMs > lapsedAtMs ? expiresAtMs : lapsedAtMs + expiresAtMs - createdAtMs;
