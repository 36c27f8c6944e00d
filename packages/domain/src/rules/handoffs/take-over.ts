import { ContextStoreError } from '../../errors.js';
import type { TakeOverPolicy } from '../../model/take-over.js';
import type { ClaimHandoff, CreateHandoff, HandoffRecord, SessionRecord } from '../../ports/store.js';
import type { TakeOverNotice, TakeOverRequest, TakeOverSession } from '../../ports/take-over.js';
import { limits } from '../limits.js';
import { refuseClosed } from '../refusals/refuse-closed.js';
import { refuseEpoch } from '../refusals/refuse-epoch.js';
import { isoTime } from '../text/iso-time.js';

/** What decides whether an agent may ask for a session that it does not own. */
export interface TakeOverAsker {
  /** Whether the agent wrote to the session, may write to it, or accepted one of its handoffs. */
  readonly isInvolved: boolean;
  readonly callerProject: string | undefined;
  readonly sessionProject: string | undefined;
}

/** Whether an agent may ask for a session. An agent and a session without a project do not match. */
export function mayTakeOver(
  policy: TakeOverPolicy,
  { isInvolved, callerProject, sessionProject }: TakeOverAsker,
): boolean {
  switch (policy) {
    case 'namespace':
      return true;
    case 'project':
      return isInvolved || (callerProject !== undefined && callerProject === sessionProject);
    case 'participants':
      return isInvolved;
  }
}

/**
 * Returns why this request for a session is refused, or undefined if it is legal. An expired session may be asked for:
 * its owner may be gone, and no other agent can extend it.
 *
 * @param hasAccepted returns whether the agent accepted one of the session's handoffs. Called only if it matters
 */
export function refuseTakeOver(
  session: SessionRecord,
  request: CreateHandoff,
  hasAccepted: () => boolean,
): ContextStoreError | undefined {
  const { agent, targetAgent } = request;
  return (
    refuseClosed(session) ??
    refuseOwner(session, agent) ??
    refuseEpoch(session, request) ??
    refuseTarget(session, targetAgent) ??
    refuseAsker(session, request, hasAccepted) ??
    refuseLeased(session)
  );
}

function refuseOwner({ sessionKey, owner }: SessionRecord, agent: string): ContextStoreError | undefined {
  if (agent !== owner) return undefined;
  return new ContextStoreError(
    'FORBIDDEN',
    `${agent} owns session ${sessionKey} already. Go on with it by registerSession ifExists "resume".`,
    { sessionKey, owner, agent },
  );
}

function refuseTarget(
  { sessionKey, owner }: SessionRecord,
  targetAgent: string | undefined,
): ContextStoreError | undefined {
  if (targetAgent === undefined || targetAgent === owner) return undefined;
  const message = `a take_over asks the owner of session ${sessionKey}, which is ${owner}; leave targetAgent out`;
  return new ContextStoreError('VALIDATION_ERROR', `targetAgent: ${message}.`, {
    issues: [{ path: 'targetAgent', message }],
    owner,
  });
}

/** Which agents a policy lets ask, for the message. */
const askers: { readonly [Policy in TakeOverPolicy]: string } = {
  participants: 'its present and former participants and owners, and agents that accepted one of its handoffs',
  project:
    'its present and former participants and owners, agents that accepted one of its handoffs, and agents of its project',
  namespace: 'all agents of the namespace',
};

function refuseAsker(
  { sessionKey, owner, participants, formerOwners, formerParticipants, project: sessionProject }: SessionRecord,
  { agent, takeOverBy = 'project', callerProject }: CreateHandoff,
  hasAccepted: () => boolean,
): ContextStoreError | undefined {
  const isKnown = [participants, formerOwners, formerParticipants].some((agents) => agents.includes(agent));
  const asker = { callerProject, sessionProject };
  if (mayTakeOver(takeOverBy, { ...asker, isInvolved: isKnown })) return undefined;
  if (mayTakeOver(takeOverBy, { ...asker, isInvolved: hasAccepted() })) return undefined;
  return new ContextStoreError(
    'FORBIDDEN',
    `${agent} may not ask for session ${sessionKey}. By the option takeOverBy, which is "${takeOverBy}", these may ask: ${askers[takeOverBy]}. ` +
      `Wait for an offer of its owner ${owner}, or ask an operator for context-store take-over.`,
    { sessionKey, owner, agent, takeOverBy },
  );
}

function refuseLeased({ sessionKey, owner, lease, observedAtMs }: SessionRecord): ContextStoreError | undefined {
  if (lease === undefined) return undefined;
  const leaseExpiresAt = isoTime(lease.expiresAtMs);
  return new ContextStoreError(
    'TAKE_OVER_TOO_EARLY',
    `${owner} holds session ${sessionKey} on a lease until ${leaseExpiresAt}. If it does not write until then, ` +
      `the session goes back to ${lease.returnsTo}, and its offer is pending again. Ask after that.`,
    {
      sessionKey,
      owner,
      leaseExpiresAt,
      returnsTo: lease.returnsTo,
      retryAfterMs: Math.max(0, lease.expiresAtMs - observedAtMs),
    },
  );
}

/** Returns why an operator cannot give a session to this agent, or undefined if it can. */
export function refuseOperator(
  { sessionKey, owner, epoch }: SessionRecord,
  { agent }: TakeOverSession,
): ContextStoreError | undefined {
  if (agent !== owner) return undefined;
  const message = `${agent} owns session ${sessionKey} already, at epoch ${epoch}`;
  return new ContextStoreError('VALIDATION_ERROR', `agent: ${message}. Nothing was changed.`, {
    issues: [{ path: 'agent', message }],
    epoch,
  });
}

/** The reason with which an operator cancels the handoff that gave a lease. */
export const operatorMoved = (to: string): string => `an operator gave the session to ${to}`;

/** Returns when the owner last gave a sign of life, but not before the request. The deadline is counted from then. */
export const lastSignAtMs = (
  { requestedAtMs }: Pick<TakeOverRequest, 'requestedAtMs'>,
  { ownerWroteAtMs = requestedAtMs }: Pick<SessionRecord, 'ownerWroteAtMs'>,
): number => Math.max(requestedAtMs, ownerWroteAtMs);

/** What the writers of a session learn of the request to take it over. Undefined if none is pending. */
export function takeOverNotice(
  session: Pick<SessionRecord, 'takeOver' | 'ownerWroteAtMs'>,
): TakeOverNotice | undefined {
  const { takeOver } = session;
  if (takeOver === undefined) return undefined;
  const { handoffId, requestedBy } = takeOver;
  return { handoffId, requestedBy, lastSignAtMs: lastSignAtMs(takeOver, session) };
}

/** Returns the request if it has not lapsed. */
export const pendingTakeOver = (takeOver: TakeOverRequest | undefined, nowMs: number): TakeOverRequest | undefined =>
  takeOver !== undefined && takeOver.expiresAtMs > nowMs ? takeOver : undefined;

/**
 * Returns the request that a session shows after a new one: that which lapses last. So a session shows one as long as
 * any is pending.
 */
export const shownTakeOver = (shown: TakeOverRequest | undefined, requested: TakeOverRequest): TakeOverRequest =>
  shown !== undefined && shown.expiresAtMs > requested.expiresAtMs ? shown : requested;

/** Returns why this agent cannot accept a pending `take_over` now, or undefined if it can. */
export function refuseTakingOver(
  handoff: HandoffRecord,
  session: SessionRecord,
  { agent, takeOverAfterMs = limits.takeOverAfterMs }: ClaimHandoff,
): ContextStoreError | undefined {
  return (
    refuseAcceptor(handoff, session, agent) ?? refuseClosed(session) ?? refuseEarly(handoff, session, takeOverAfterMs)
  );
}

function refuseAcceptor(
  { handoffId, requestingAgent }: HandoffRecord,
  { sessionKey, owner }: SessionRecord,
  agent: string,
): ContextStoreError | undefined {
  if (agent === requestingAgent) return undefined;
  const instead =
    agent === owner
      ? `To yield, requestHandoff sessionKey ${sessionKey} requestType full_handoff targetAgent ${requestingAgent} with a summary; ` +
        'to decline, resolveHandoff outcome "rejected" with a reason.'
      : 'Look for offers with listHandoffs.';
  return new ContextStoreError(
    'FORBIDDEN',
    `By handoff ${handoffId}, ${requestingAgent} asks for session ${sessionKey}; only ${requestingAgent} can accept it. ${instead}`,
    { handoffId, sessionKey, requestingAgent, owner, agent },
  );
}

function refuseEarly(
  { handoffId, createdAtMs: requestedAtMs }: HandoffRecord,
  session: SessionRecord,
  takeOverAfterMs: number,
): ContextStoreError | undefined {
  const { sessionKey, owner, ownerWroteAtMs, observedAtMs } = session;
  const acceptableAtMs = lastSignAtMs({ requestedAtMs }, session) + takeOverAfterMs;
  if (acceptableAtMs <= observedAtMs) return undefined;
  const acceptableAt = isoTime(acceptableAtMs);
  const wrote =
    ownerWroteAtMs === undefined
      ? `The owner ${owner} has not written`
      : `The owner ${owner} last wrote at ${isoTime(ownerWroteAtMs)}`;
  return new ContextStoreError(
    'TAKE_OVER_TOO_EARLY',
    `${wrote}. If it stays silent, ${handoffId} can be accepted from ${acceptableAt} on. ` +
      'Meanwhile listHandoffs shows whether it offers you the session, or declines.',
    {
      handoffId,
      sessionKey,
      owner,
      ...(ownerWroteAtMs !== undefined && { ownerWroteAt: isoTime(ownerWroteAtMs) }),
      acceptableAt,
      retryAfterMs: acceptableAtMs - observedAtMs,
    },
  );
}
