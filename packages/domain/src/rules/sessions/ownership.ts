import type { SessionLease, SessionRecord } from '../../ports/store.js';
import { limits } from '../limits.js';

/** Who may write to a session, and on what terms. */
export type Ownership = Pick<SessionRecord, 'owner' | 'participants' | 'formerOwners' | 'epoch' | 'lease'>;

/** The ownership of a session after it moved: at a new epoch, which fences out everyone who wrote at the old one. */
export function moveOwnership(
  { owner, participants, formerOwners, epoch }: Ownership,
  to: string,
  lease?: SessionLease,
): Ownership {
  return {
    owner: to,
    participants: participants.filter((participant) => participant !== to),
    formerOwners: [...formerOwners.filter((former) => former !== owner), owner]
      .filter((former) => former !== to)
      .slice(-limits.formerOwners),
    epoch: epoch + 1,
    lease,
  };
}

/** Whether the owner was silent for too long. Its session, if it is still open, goes back to `lease.returnsTo`. */
export const isLeaseLapsed = ({
  state,
  lease,
  observedAtMs,
}: Pick<SessionRecord, 'state' | 'lease' | 'observedAtMs'>): boolean =>
  state === 'active' && lease !== undefined && lease.expiresAtMs <= observedAtMs;

/** Whether a renewal now moves the deadline back: the clock was ahead when it was set. */
export const isLeaseAhead = ({ lease, observedAtMs }: Pick<SessionRecord, 'lease' | 'observedAtMs'>): boolean =>
  lease !== undefined && lease.expiresAtMs > observedAtMs + lease.durationMs;

/**
 * The lease after a write by an agent: only the owner's renews it.
 * @param durationMs from now on. Absent: as it was
 */
export function renewedLease(
  { owner, lease }: Pick<SessionRecord, 'owner' | 'lease'>,
  agent: string,
  nowMs: number,
  durationMs: number | undefined = lease?.durationMs,
): SessionLease | undefined {
  if (lease === undefined || durationMs === undefined || agent !== owner) return lease;
  return { ...lease, durationMs, expiresAtMs: nowMs + durationMs };
}
