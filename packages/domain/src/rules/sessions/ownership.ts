import type { SessionLease, SessionRecord } from '../../ports/store.js';
import { limits } from '../limits.js';

/** The parts of a session that decide who may write to it. */
export type Ownership = Pick<SessionRecord, 'owner' | 'participants' | 'formerOwners' | 'epoch' | 'lease'>;

/** Returns the ownership after a move to `to`. The new epoch fences out all writers of the old one. */
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

/** Whether the owner of an active session missed its deadline. The session then goes back to `lease.returnsTo`. */
export const isLeaseLapsed = ({
  state,
  lease,
  observedAtMs,
}: Pick<SessionRecord, 'state' | 'lease' | 'observedAtMs'>): boolean =>
  state === 'active' && lease !== undefined && lease.expiresAtMs <= observedAtMs;

/** Whether a renewal now would move the deadline back, because the clock was ahead when it was set. */
export const isLeaseAhead = ({ lease, observedAtMs }: Pick<SessionRecord, 'lease' | 'observedAtMs'>): boolean =>
  lease !== undefined && lease.expiresAtMs > observedAtMs + lease.durationMs;

/**
 * Returns the lease after a write by an agent. Only a write of the owner renews it.
 * @param durationMs the new duration. Default: unchanged
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
