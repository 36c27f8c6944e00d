import { ContextStoreError } from '../../errors.js';
import {
  offerTypes,
  ownershipTypes,
  requestTypes,
  type HandoffOutcome,
  type HandoffStatus,
  type RequestType,
} from '../../model/handoff.js';
import { isRoleAddress } from '../../model/names.js';
import type { ClaimHandoff, HandoffRecord, ResolveHandoff, SessionRecord } from '../../ports/store.js';
import { ownershipLost } from '../refusals/refuse-epoch.js';
import { refuseInactive } from '../refusals/refuse-write.js';
import type { Transition } from '../transition.js';
import { refuseTakingOver } from './take-over.js';

/** A step of a handoff. `owner`: the session's. `clock`: time passes. `fence`: ownership of the session moves. */
export interface HandoffTransition extends Transition<
  HandoffStatus,
  'target' | 'acceptor' | 'requester' | 'owner' | 'operator' | 'clock' | 'fence'
> {
  /** The only request types that have this step. Default: all have it. */
  readonly only?: readonly RequestType[];
}

/** Every legal step of a handoff. All others are refused. */
export const handoffTransitions: readonly HandoffTransition[] = [
  { from: 'pending', to: 'accepted', by: 'target', how: 'accepts it', only: offerTypes },
  {
    from: 'pending',
    to: 'accepted',
    by: 'requester',
    how: 'accepts it once the owner was silent',
    only: ['take_over'],
  },
  { from: 'pending', to: 'rejected', by: 'target', how: 'rejects it' },
  { from: 'pending', to: 'cancelled', by: 'requester', how: 'cancels it' },
  { from: 'pending', to: 'cancelled', by: 'fence', how: 'ownership moved', only: ownershipTypes },
  { from: 'pending', to: 'expired', by: 'clock', how: 'the offer lapses' },
  { from: 'accepted', to: 'completed', by: 'acceptor', how: 'completes it' },
  { from: 'accepted', to: 'returned', by: 'acceptor', how: 'returns it', only: ['full_handoff'] },
  { from: 'accepted', to: 'returned', by: 'acceptor', how: 'leaves the session', only: ['collaboration'] },
  { from: 'accepted', to: 'cancelled', by: 'owner', how: 'removes the participant', only: ['collaboration'] },
  { from: 'completed', to: 'cancelled', by: 'owner', how: 'removes the participant', only: ['collaboration'] },
  { from: 'accepted', to: 'cancelled', by: 'operator', how: 'ends the lease', only: ['full_handoff'] },
  { from: 'accepted', to: 'pending', by: 'clock', how: 'the lease lapses', only: ['full_handoff'] },
];

/** Returns the status that callers see, as of `observedAtMs`. */
export const handoffStatus = (handoff: Pick<HandoffRecord, 'status' | 'expiresAtMs' | 'observedAtMs'>): HandoffStatus =>
  handoff.status === 'pending' && (handoff.expiresAtMs ?? Infinity) <= handoff.observedAtMs
    ? 'expired'
    : handoff.status;

/** Whether the agent made this role offer. It may not claim it, so its inbox does not list it. */
export const isOwnRoleOffer = (
  { targetAgent, requestingAgent }: Pick<HandoffRecord, 'targetAgent' | 'requestingAgent'>,
  agent: string,
): boolean => requestingAgent === agent && targetAgent !== undefined && isRoleAddress(targetAgent);

/**
 * Returns why this agent cannot accept the offer, or undefined if it can. Stores handle an offer that the agent has
 * accepted already with {@link refuseRepeatedClaim} instead.
 */
export function refuseClaim(
  handoff: HandoffRecord,
  session: SessionRecord,
  request: ClaimHandoff,
): ContextStoreError | undefined {
  const { agent, leaseMs } = request;
  const status = handoffStatus(handoff);
  if (status !== 'pending' && handoff.acceptedBy !== undefined && handoff.acceptedBy !== agent) {
    return new ContextStoreError(
      'HANDOFF_CLAIMED',
      `${handoff.acceptedBy} accepted handoff ${handoff.handoffId} first. Look for other offers with listHandoffs.`,
      { handoffId: handoff.handoffId, acceptedBy: handoff.acceptedBy, status },
    );
  }
  return (
    (status === 'pending' ? undefined : refuseStatus(handoff, [{ from: 'pending' }], 'accepted')) ??
    refuseLease(handoff, leaseMs) ??
    (handoff.requestType === 'take_over'
      ? refuseTakingOver(handoff, session, request)
      : (refuseForeignTarget(handoff, agent) ?? refuseInactive(session)))
  );
}

function refuseLease({ requestType, handoffId }: HandoffRecord, leaseMs?: number): ContextStoreError | undefined {
  if (leaseMs === undefined || requestType === 'full_handoff') return undefined;
  const message = `only a full_handoff is held on a lease, and ${handoffId} is a ${requestType}`;
  return new ContextStoreError('VALIDATION_ERROR', `leaseSeconds: ${message}. Accept it without leaseSeconds.`, {
    issues: [{ path: 'leaseSeconds', message }],
  });
}

/** Whether another process of the acceptor won the offer. False if either process is not known. */
const isWonByOtherProcess = (
  { claimant: winner }: Pick<HandoffRecord, 'claimant'>,
  { claimant }: Pick<ClaimHandoff, 'claimant'>,
): boolean => winner !== undefined && claimant !== undefined && winner !== claimant;

/** Returns why this caller is not the process that won the offer and repeats its call, or undefined if it is. */
export function refuseRepeatedClaim(handoff: HandoffRecord, request: ClaimHandoff): ContextStoreError | undefined {
  if (!isWonByOtherProcess(handoff, request)) return undefined;
  const { handoffId, status } = handoff;
  const { agent } = request;
  return new ContextStoreError(
    'HANDOFF_CLAIMED',
    `Another process of ${agent} accepted handoff ${handoffId} first. Look for other offers with listHandoffs. ` +
      `If it was this agent before a restart, go on with registerSession ifExists "resume".`,
    { handoffId, acceptedBy: agent, status },
  );
}

const isByAgent = (by: HandoffTransition['by']): boolean => by !== 'clock' && by !== 'fence' && by !== 'operator';

/** Returns why this agent cannot end the handoff with this outcome, or undefined if it can. */
export function refuseResolve(
  handoff: HandoffRecord,
  session: SessionRecord,
  request: ResolveHandoff,
): ContextStoreError | undefined {
  const { agent, outcome } = request;
  const steps = handoffTransitions.filter(({ to, by }) => to === outcome && isByAgent(by));
  const legal = steps.filter(({ only = requestTypes }) => only.includes(handoff.requestType));
  const step = legal.find(({ from }) => from === handoffStatus(handoff));
  if (legal.length === 0) return refuseRequestType(handoff, outcome, steps);
  if (step === undefined) return refuseStatus(handoff, legal, outcome);
  return (
    refuseActor(handoff, session, step, agent) ??
    refuseOlderProcess(handoff, session, request) ??
    (isGivenBack(handoff, outcome) ? refuseReturn(handoff, session, agent) : undefined)
  );
}

/** Whether this end of a handoff makes the requester the owner again. */
export const isGivenBack = ({ requestType }: Pick<HandoffRecord, 'requestType'>, outcome: HandoffOutcome): boolean =>
  outcome === 'returned' && requestType === 'full_handoff';

/**
 * Returns the agent that may no longer write to the session once the handoff has ended so. Undefined if all may still.
 *
 * @param handoff the handoff before its end
 */
export const leavingAgent = (
  { requestType, acceptedBy }: Pick<HandoffRecord, 'requestType' | 'acceptedBy'>,
  outcome: HandoffOutcome,
): string | undefined =>
  requestType === 'collaboration' && (outcome === 'returned' || outcome === 'cancelled') ? acceptedBy : undefined;

/**
 * Returns why a process of the session's owner must not end the handoff, or undefined if it may.
 *
 * If the call gives an epoch, it must be the session's. Without one, only the process that accepted the handoff may end
 * it, as long as the owner holds the session by it. The epoch decides alone, because an agent that restarts resumes the
 * session at its epoch, and then ends what its former process accepted. Agents that do not own the session are not
 * checked: these steps take nothing from the owner.
 */
function refuseOlderProcess(
  handoff: HandoffRecord,
  session: SessionRecord,
  request: ResolveHandoff,
): ContextStoreError | undefined {
  const { agent, epoch } = request;
  if (session.owner !== agent) return undefined;
  if (epoch !== undefined) return epoch === session.epoch ? undefined : ownershipLost(session, agent);
  return session.epoch === handoff.grantedEpoch && isWonByOtherProcess(handoff, request)
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

/** Ownership moves back only while the session is active, and only if it has not moved since this acceptance. */
const refuseReturn = (
  { grantedEpoch }: HandoffRecord,
  session: SessionRecord,
  agent: string,
): ContextStoreError | undefined =>
  session.epoch === grantedEpoch ? refuseInactive(session) : ownershipLost(session, agent);

function refuseRequestType(
  { handoffId, requestType }: HandoffRecord,
  requested: HandoffOutcome,
  steps: readonly HandoffTransition[],
): ContextStoreError {
  const types = steps.flatMap(({ only = [] }) => only);
  return new ContextStoreError(
    'HANDOFF_NOT_PENDING',
    `A ${requestType} cannot be ${requested}; only a ${types.join(' or a ')} can. Resolve it as "completed" instead.`,
    { handoffId, requestType, requested },
  );
}

/** Returns why a handoff cannot take any of these steps, which start from other statuses than its own. */
function refuseStatus(
  handoff: HandoffRecord,
  steps: readonly Pick<HandoffTransition, 'from'>[],
  to: HandoffStatus,
): ContextStoreError {
  const { handoffId } = handoff;
  const status = handoffStatus(handoff);
  const from = [...new Set(steps.map((step) => step.from))].join(' or ');
  const details = { handoffId, status, requested: to };
  return status === 'expired'
    ? new ContextStoreError(
        'HANDOFF_EXPIRED',
        `Handoff ${handoffId} expired before anyone accepted it. Ask ${handoff.requestingAgent} for a new one${
          handoff.requestType === 'take_over' ? ', by requestHandoff' : ''
        }.`,
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
  session: SessionRecord,
  { to, by }: HandoffTransition,
  agent: string,
): ContextStoreError | undefined {
  const allowed = {
    requester: handoff.requestingAgent,
    acceptor: handoff.acceptedBy,
    target: handoff.targetAgent,
    owner: session.owner,
    operator: undefined,
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
