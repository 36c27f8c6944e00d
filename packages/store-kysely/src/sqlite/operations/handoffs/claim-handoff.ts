import {
  addParticipant,
  moveOwnership,
  refuseClaim,
  refuseRepeatedClaim,
  renewedLease,
  takeOverReason,
  type ClaimedHandoff,
  type ClaimHandoff,
  type Replayable,
  type RequestType,
  type SessionLease,
} from '@org/domain';
import type { Connection } from '../../connection/connection.js';
import { prepareFollowDeadline } from '../../leases/follow-deadline.js';
import { prepareGetSituation, type Situation } from '../../mutation/get-situation.js';
import { handoffRecord, prepareSaveHandoff, type HandoffRow } from '../../rows/handoff-row.js';
import { prepareMoveOwnership } from '../../leases/move-ownership.js';
import { prepareTakeOwnership } from '../../leases/take-ownership.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import type { Operation } from '../operation.js';
import {
  activeAt,
  leaseColumns,
  prepareSaveSession,
  sessionRecord,
  withParticipants,
  writtenAt,
  type SessionRow,
} from '../../rows/session-row.js';

export function prepareClaimHandoff(connection: Connection): Operation<ClaimHandoff, Replayable<ClaimedHandoff>> {
  const getSituation = prepareGetSituation(connection);
  const renewLease = prepareRenewLease(connection);
  const accept = {
    context_transfer: prepareJoin(connection),
    collaboration: prepareJoin(connection),
    full_handoff: prepareBecomeOwner(connection),
    take_over: prepareTakeOver(connection),
  } satisfies Record<RequestType, Accept>;

  return prepareMutation(connection, {
    settle: (request, nowMs) => getSituation(request, nowMs),
    refuse: (request, { handoff, session, record }, nowMs) => {
      const offer = handoffRecord(handoff, session, nowMs);
      return isRepeated(request, handoff) ? refuseRepeatedClaim(offer, request) : refuseClaim(offer, record, request);
    },
    write: (request, decision, nowMs) => {
      if (isRepeated(request, decision.handoff)) {
        return { ...claimed(renewLease(decision, request, nowMs), nowMs), replayed: true };
      }
      return claimed(accept[decision.handoff.request_type](decision, request, nowMs), nowMs);
    },
  });
}

/** Returns true if the agent has accepted the handoff before. */
const isRepeated = ({ agent }: ClaimHandoff, handoff: HandoffRow): boolean =>
  handoff.status === 'accepted' && handoff.accepted_by === agent;

const claimed = ({ handoff, session }: Situation, nowMs: number): ClaimedHandoff => ({
  handoff: handoffRecord(handoff, session, nowMs),
  session: sessionRecord(session, nowMs),
});

/** Accepts a handoff, gives the acceptor its rights, and returns the rows as they are afterwards. */
type Accept = (situation: Situation, request: ClaimHandoff, nowMs: number) => Situation;

function prepareBecomeOwner(connection: Connection): Accept {
  const saveHandoff = prepareSaveHandoff(connection);
  const move = prepareMoveOwnership(connection);

  return ({ handoff, session }, { agent, leaseMs, claimant = null }, nowMs) => {
    const lease: SessionLease | undefined =
      leaseMs === undefined
        ? undefined
        : {
            handoffId: handoff.handoff_id,
            returnsTo: handoff.requesting_agent,
            durationMs: leaseMs,
            expiresAtMs: nowMs + leaseMs,
          };
    const ownership = moveOwnership(sessionRecord(session, nowMs), agent, { lease, ownerWroteAtMs: nowMs });
    const accepted: HandoffRow = {
      ...handoff,
      status: 'accepted',
      accepted_by: agent,
      claimant,
      granted_epoch: ownership.epoch,
      lease_check_at: lease?.expiresAtMs ?? null,
    };
    // First: the move cancels every offer that is still pending.
    saveHandoff(accepted);
    return { handoff: accepted, session: move(activeAt(session, nowMs), ownership, nowMs) };
  };
}

/** Makes the requester of a `take_over` the owner. */
function prepareTakeOver(connection: Connection): Accept {
  const saveHandoff = prepareSaveHandoff(connection);
  const takeOwnership = prepareTakeOwnership(connection);

  return ({ handoff, session }, { agent, claimant = null }, nowMs) => {
    const { handoff_id: handoffId, summary, instructions } = handoff;
    const reason = takeOverReason({ summary: summary ?? undefined, instructions: instructions ?? undefined });
    const accepted: HandoffRow = {
      ...handoff,
      status: 'accepted',
      accepted_by: agent,
      claimant,
      granted_epoch: session.epoch + 1,
      upto_sequence: session.last_sequence + 1,
      found_wrote_at: session.owner_wrote_at,
      found_last_sequence: session.owner_last_sequence,
    };
    // First: the move cancels every request that is still pending.
    saveHandoff(accepted);
    return { handoff: accepted, session: takeOwnership(session, { to: agent, reason, handoffId }, nowMs) };
  };
}

function prepareJoin(connection: Connection): Accept {
  const saveHandoff = prepareSaveHandoff(connection);
  const saveSession = prepareSaveSession(connection);

  return ({ handoff, session }, { agent, claimant = null }, nowMs) => {
    const accepted: HandoffRow = { ...handoff, status: 'accepted', accepted_by: agent, claimant };
    saveHandoff(accepted);
    const active = writtenAt(activeAt(session, nowMs), agent, nowMs);
    const joins = handoff.request_type === 'collaboration';
    const joined = joins
      ? withParticipants(active, addParticipant(sessionRecord(session, nowMs), agent), nowMs)
      : active;
    saveSession(joined);
    return { handoff: accepted, session: joined };
  };
}

/** Renews the lease of an acceptor that accepts again: the agent is alive. */
function prepareRenewLease(connection: Connection): Accept {
  const saveSession = prepareSaveSession(connection);
  const followDeadline = prepareFollowDeadline(connection);

  return ({ handoff, session }, { leaseMs }, nowMs) => {
    if (session.lease_handoff_id !== handoff.handoff_id) return { handoff, session };
    const lease = renewedLease(sessionRecord(session, nowMs), session.owner, nowMs, leaseMs);
    const renewed: SessionRow = { ...session, ...leaseColumns(lease) };
    saveSession(renewed);
    followDeadline(session, lease);
    return { handoff, session: renewed };
  };
}
