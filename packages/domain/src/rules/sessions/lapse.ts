import type { HandoffRecord, SessionRecord } from '../../ports/store.js';
import { isLeaseLapsed, moveOwnership } from './ownership.js';

/** What the lapse of a session's lease depends on, and what it does to the session's handoffs. */
export type LeasedSession = Pick<SessionRecord, 'state' | 'lease' | 'lastSequence' | 'observedAtMs'>;

/**
 * A stored session as the clock has it. A lease lapses at its deadline, whenever that is stored: the session then belongs
 * to the requester again, at a new epoch. The answer depends on the row and the clock alone, so a read needs no write.
 */
export function settledSession(stored: SessionRecord): SessionRecord {
  const { lease } = stored;
  if (lease === undefined || !isLeaseLapsed(stored)) return stored;
  return {
    ...stored,
    ...moveOwnership(stored, lease.returnsTo),
    version: stored.version + 1,
    updatedAtMs: Math.max(stored.updatedAtMs, lease.expiresAtMs),
  };
}

/**
 * A stored handoff as the clock has it: the lapse of its session's lease makes the offer pending again, and cancels the
 * offers of ownership that the acceptor made.
 *
 * @param session as it is stored
 */
export function settledHandoff(stored: HandoffRecord, session: LeasedSession): HandoffRecord {
  const { lease } = session;
  if (lease === undefined || !isLeaseLapsed(session)) return stored;
  if (stored.handoffId === lease.handoffId) return offeredAgain(stored, session.lastSequence, lease.expiresAtMs);
  if (!isCancelledByLapse(stored, lease.expiresAtMs)) return stored;
  return { ...stored, status: 'cancelled', resolvedAtMs: lease.expiresAtMs, reason: 'ownership moved' };
}

/** Whether a handoff of a session is one that a lapse at that time cancels. */
export const isCancelledByLapse = (
  { status, requestType, expiresAtMs = Infinity }: Pick<HandoffRecord, 'status' | 'requestType' | 'expiresAtMs'>,
  lapsedAtMs: number,
): boolean => status === 'pending' && requestType === 'full_handoff' && expiresAtMs > lapsedAtMs;

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

/** The deadline of an offer after a lapse: its own, or, if that has passed meanwhile, as much later as it first stood. */
export const standsUntil = (createdAtMs: number, expiresAtMs: number, lapsedAtMs: number): number =>
  expiresAtMs > lapsedAtMs ? expiresAtMs : lapsedAtMs + expiresAtMs - createdAtMs;
