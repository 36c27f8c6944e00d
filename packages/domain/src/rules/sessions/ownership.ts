import type { SessionLease, SessionRecord } from '../../ports/store.js';
import { limits } from '../limits.js';

/** The agents that may write to a session, and those that no longer may. */
export type Writers = Pick<SessionRecord, 'owner' | 'participants' | 'formerOwners' | 'formerParticipants'>;

/** The parts of a session that decide who may write to it, and what is known of its owner. */
export type Ownership = Writers &
  Pick<SessionRecord, 'epoch' | 'lease' | 'takenOverAtMs' | 'lapsedHandoffId'> &
  OwnerActivity;

/** What a session knows of its owner's writes, and of who asks for the session meanwhile. */
type OwnerActivity = Pick<SessionRecord, 'ownerWroteAtMs' | 'ownerLastSequence' | 'takeOver'>;

/** How an agent becomes the owner. */
export interface MoveOptions {
  /** The lease on which it gets the session. */
  readonly lease?: SessionLease | undefined;
  /** When it became the owner by a call of its own, which counts as a write. */
  readonly ownerWroteAtMs?: number | undefined;
  /** When it took the session over. */
  readonly takenOverAtMs?: number | undefined;
  /** The handoff whose lease has lapsed, so that the session goes back. */
  readonly lapsedHandoffId?: string | undefined;
}

/** Returns the ownership after a move to `to`. The new epoch fences out all writers of the old one. */
export function moveOwnership(
  { epoch, ...writers }: Writers & Pick<SessionRecord, 'epoch'>,
  to: string,
  { lease, ownerWroteAtMs, takenOverAtMs, lapsedHandoffId }: MoveOptions = {},
): Ownership {
  return {
    ...moveWriters(writers, to),
    epoch: epoch + 1,
    lease,
    takenOverAtMs,
    lapsedHandoffId,
    ownerWroteAtMs,
    ownerLastSequence: undefined,
    takeOver: undefined,
  };
}

function moveWriters({ owner, participants, formerOwners, formerParticipants }: Writers, to: string): Writers {
  return {
    owner: to,
    participants: participants.filter((participant) => participant !== to),
    formerOwners: [...formerOwners.filter((former) => former !== owner), owner]
      .filter((former) => former !== to)
      .slice(-limits.formerOwners),
    formerParticipants: formerParticipants.filter((former) => former !== to),
  };
}

/** A change of the participants. The owner and its predecessors stay. */
export interface ParticipantsChange extends Writers {
  readonly changes: boolean;
}

const unchanged = ({ owner, participants, formerOwners, formerParticipants }: Writers): ParticipantsChange => ({
  owner,
  participants,
  formerOwners,
  formerParticipants,
  changes: false,
});

/** Returns the writers after an agent joined. Nothing changes if it writes to the session already. */
export function addParticipant(writers: Writers, agent: string): ParticipantsChange {
  const { owner, participants, formerParticipants } = writers;
  if (agent === owner || participants.includes(agent)) return unchanged(writers);
  return {
    ...unchanged(writers),
    participants: [...participants, agent],
    formerParticipants: formerParticipants.filter((former) => former !== agent),
    changes: true,
  };
}

/** Returns the writers after a participant left or was removed. Nothing changes if the agent is none. */
export function removeParticipant(writers: Writers, agent: string | undefined): ParticipantsChange {
  const { participants, formerParticipants } = writers;
  if (agent === undefined || !participants.includes(agent)) return unchanged(writers);
  return {
    ...unchanged(writers),
    participants: participants.filter((participant) => participant !== agent),
    formerParticipants: [...formerParticipants.filter((former) => former !== agent), agent].slice(-limits.formerOwners),
    changes: true,
  };
}

/**
 * Returns when the owner last wrote, after a write by an agent. A clock that is behind does not move it back, so an
 * owner never seems to be silent while it writes.
 */
export const ownerWroteAt = (
  { owner, ownerWroteAtMs }: Pick<SessionRecord, 'owner' | 'ownerWroteAtMs'>,
  agent: string,
  nowMs: number,
): number | undefined => (agent === owner ? Math.max(ownerWroteAtMs ?? nowMs, nowMs) : ownerWroteAtMs);

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
