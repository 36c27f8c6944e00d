import { ContextStoreError } from '../../errors.js';
import type { HandoffOutcome, HandoffStatus, RequestType } from '../../model/handoff.js';
import { isRoleAddress } from '../../model/names.js';
import type { ClaimHandoff, HandoffRecord, ResolveHandoff, SessionRecord } from '../../ports/store.js';
import { ownershipLost, refuseInactive } from '../refusals/refuse-write.js';
import type { Transition } from '../transition.js';

/** `clock` and `fence`: it happens by itself, with the time or because ownership moved. */
export interface HandoffTransition extends Transition<
  HandoffStatus,
  'target' | 'acceptor' | 'requester' | 'clock' | 'fence'
> {
  /** The request type it exists for; absent: all. */
  readonly only?: RequestType;
}

/** Every legal step of a handoff. What is not here is refused. */
export const handoffTransitions: readonly HandoffTransition[] = [
  { from: 'pending', to: 'accepted', by: 'target', how: 'accepts it' },
  { from: 'pending', to: 'rejected', by: 'target', how: 'rejects it' },
  { from: 'pending', to: 'cancelled', by: 'requester', how: 'cancels it' },
  { from: 'pending', to: 'cancelled', by: 'fence', how: 'ownership moved', only: 'full_handoff' },
  { from: 'pending', to: 'expired', by: 'clock', how: 'the offer lapses' },
  { from: 'accepted', to: 'completed', by: 'acceptor', how: 'completes it' },
  { from: 'accepted', to: 'returned', by: 'acceptor', how: 'returns it', only: 'full_handoff' },
  { from: 'accepted', to: 'pending', by: 'clock', how: 'the lease lapses', only: 'full_handoff' },
];

/** The status that callers see, at the moment of the store's clock when the record was read. */
export const handoffStatus = (handoff: Pick<HandoffRecord, 'status' | 'expiresAtMs' | 'observedAtMs'>): HandoffStatus =>
  handoff.status === 'pending' && (handoff.expiresAtMs ?? Infinity) <= handoff.observedAtMs
    ? 'expired'
    : handoff.status;

/** A role offer that the agent made itself: not for it to claim, and so not in its inbox. */
export const isOwnRoleOffer = (
  { targetAgent, requestingAgent }: Pick<HandoffRecord, 'targetAgent' | 'requestingAgent'>,
  agent: string,
): boolean => requestingAgent === agent && targetAgent !== undefined && isRoleAddress(targetAgent);

/** Why this agent cannot accept the offer, or undefined when it can. An acceptance of its own is not a refusal. */
export function refuseClaim(
  handoff: HandoffRecord,
  session: SessionRecord,
  { agent, leaseMs }: ClaimHandoff,
): ContextStoreError | undefined {
  const status = handoffStatus(handoff);
  if (status !== 'pending' && handoff.acceptedBy !== undefined && handoff.acceptedBy !== agent) {
    return new ContextStoreError(
      'HANDOFF_CLAIMED',
      `${handoff.acceptedBy} accepted handoff ${handoff.handoffId} first. Look for other offers with listHandoffs.`,
      { handoffId: handoff.handoffId, acceptedBy: handoff.acceptedBy, status },
    );
  }
  return (
    refuseStatus(handoff, 'pending', 'accepted') ??
    refuseForeignTarget(handoff, agent) ??
    refuseLease(handoff, leaseMs) ??
    refuseInactive(session)
  );
}

function refuseLease({ requestType, handoffId }: HandoffRecord, leaseMs?: number): ContextStoreError | undefined {
  if (leaseMs === undefined || requestType === 'full_handoff') return undefined;
  const message = `only a full_handoff is held on a lease, and ${handoffId} is a ${requestType}`;
  return new ContextStoreError('VALIDATION_ERROR', `leaseSeconds: ${message}. Accept it without leaseSeconds.`, {
    issues: [{ path: 'leaseSeconds', message }],
  });
}

/** Whether another process of the acceptor won the offer, as far as both processes are known. */
const isWonByAnother = (
  { claimant: winner }: Pick<HandoffRecord, 'claimant'>,
  { claimant }: Pick<ClaimHandoff, 'claimant'>,
): boolean => winner !== undefined && claimant !== undefined && winner !== claimant;

/** Why this is not the winner that asks for its acceptance again, or undefined when it is. */
export function refuseRepeatedClaim(handoff: HandoffRecord, request: ClaimHandoff): ContextStoreError | undefined {
  if (!isWonByAnother(handoff, request)) return undefined;
  const { handoffId, status } = handoff;
  const { agent } = request;
  return new ContextStoreError(
    'HANDOFF_CLAIMED',
    `Another process of ${agent} accepted handoff ${handoffId} first. Look for other offers with listHandoffs. ` +
      `If it was this agent before a restart, go on with registerSession ifExists "resume".`,
    { handoffId, acceptedBy: agent, status },
  );
}

/** Why this agent cannot end the handoff so, or undefined when it can. */
export function refuseResolve(
  handoff: HandoffRecord,
  session: SessionRecord,
  request: ResolveHandoff,
): ContextStoreError | undefined {
  const { agent, outcome } = request;
  const step = transitionTo(outcome);
  return (
    refuseRequestType(handoff, step) ??
    refuseStatus(handoff, step.from, step.to) ??
    refuseActor(handoff, step, agent) ??
    refuseOlderProcess(handoff, session, request) ??
    (outcome === 'returned' ? refuseReturn(handoff, session, agent) : undefined)
  );
}

/**
 * Why a process of the session's owner must not end the handoff, or undefined when it may. An epoch that it gives must be
 * the session's. Without one, the handoff by which the owner holds the session is for the process that accepted it.
 *
 * The epoch decides where both are known: an agent that was started again resumes the session at its epoch, and then ends
 * what its former process accepted. An agent that does not own the session can take nothing from the owner by these steps.
 */
function refuseOlderProcess(
  handoff: HandoffRecord,
  session: SessionRecord,
  request: ResolveHandoff,
): ContextStoreError | undefined {
  const { agent, epoch } = request;
  if (session.owner !== agent) return undefined;
  if (epoch !== undefined) return epoch === session.epoch ? undefined : ownershipLost(session, agent);
  return session.epoch === handoff.grantedEpoch && isWonByAnother(handoff, request)
    ? heldByAnotherProcess(handoff, session)
    : undefined;
}

function heldByAnotherProcess(
  { handoffId }: HandoffRecord,
  { sessionKey, owner, epoch }: SessionRecord,
): ContextStoreError {
  return new ContextStoreError(
    'OWNERSHIP_LOST',
    `Another process of ${owner} accepted handoff ${handoffId}, and holds session ${sessionKey} at epoch ${epoch}. ` +
      'If that process is no longer at work, resume with registerSession ifExists "resume", then call again with the session\'s epoch.',
    { handoffId, sessionKey, owner, epoch },
  );
}

/** Ownership moves back only while the session is alive, and only if it has not moved since this very acceptance. */
const refuseReturn = (
  { grantedEpoch }: HandoffRecord,
  session: SessionRecord,
  agent: string,
): ContextStoreError | undefined =>
  session.epoch === grantedEpoch ? refuseInactive(session) : ownershipLost(session, agent);

function transitionTo(outcome: HandoffOutcome): HandoffTransition {
  const step = handoffTransitions.find(({ to, by }) => to === outcome && by !== 'clock' && by !== 'fence');
  if (step === undefined) throw new TypeError(`no transition leads to ${outcome}`);
  return step;
}

function refuseRequestType(handoff: HandoffRecord, { to, only }: HandoffTransition): ContextStoreError | undefined {
  if (only === undefined || handoff.requestType === only) return undefined;
  return new ContextStoreError(
    'HANDOFF_NOT_PENDING',
    `A ${handoff.requestType} cannot be ${to}; only a ${only} can. Resolve it as "completed" instead.`,
    { handoffId: handoff.handoffId, requestType: handoff.requestType, requested: to },
  );
}

function refuseStatus(handoff: HandoffRecord, from: HandoffStatus, to: HandoffStatus): ContextStoreError | undefined {
  const { handoffId } = handoff;
  const status = handoffStatus(handoff);
  if (status === from) return undefined;
  const details = { handoffId, status, requested: to };
  return status === 'expired'
    ? new ContextStoreError(
        'HANDOFF_EXPIRED',
        `Handoff ${handoffId} expired before anyone accepted it. Ask ${handoff.requestingAgent} for a new one.`,
        details,
      )
    : new ContextStoreError(
        'HANDOFF_NOT_PENDING',
        `Handoff ${handoffId} is ${status}; only a handoff that is ${from} can become ${to}. See listHandoffs for what is open.`,
        details,
      );
}

function refuseForeignTarget(handoff: HandoffRecord, agent: string): ContextStoreError | undefined {
  const { handoffId, targetAgent } = handoff;
  if (targetAgent === undefined || targetAgent === agent) return undefined;
  if (!isRoleAddress(targetAgent)) {
    return new ContextStoreError('FORBIDDEN', `Handoff ${handoffId} is addressed to ${targetAgent}, not to ${agent}.`, {
      handoffId,
      targetAgent,
      agent,
    });
  }
  if (!isOwnRoleOffer(handoff, agent)) return undefined;
  return new ContextStoreError(
    'FORBIDDEN',
    `${agent} offered handoff ${handoffId} to ${targetAgent} and may not claim it; cancel it with resolveHandoff instead.`,
    { handoffId, targetAgent, agent },
  );
}

function refuseActor(
  handoff: HandoffRecord,
  { to, by }: HandoffTransition,
  agent: string,
): ContextStoreError | undefined {
  const allowed = {
    requester: handoff.requestingAgent,
    acceptor: handoff.acceptedBy,
    target: handoff.targetAgent,
    clock: undefined,
    fence: undefined,
  }[by];
  if (allowed === agent) return undefined;
  return new ContextStoreError(
    'FORBIDDEN',
    allowed === undefined || isRoleAddress(allowed)
      ? `Handoff ${handoff.handoffId} is offered to ${allowed ?? 'anyone'}: ${agent} can leave it, but not reject it for the others.`
      : `Only ${allowed} may set handoff ${handoff.handoffId} to ${to}.`,
    { handoffId: handoff.handoffId, agent, requested: to },
  );
}
