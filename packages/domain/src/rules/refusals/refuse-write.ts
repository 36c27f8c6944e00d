import { ContextStoreError } from '../../errors.js';
import type { AppendEntry, CreateHandoff, SessionRecord, UpdateSession } from '../../ports/store.js';
import { refuseTakeOver } from '../handoffs/take-over.js';
import { isExpired } from '../sessions/session-status.js';
import { settableStates } from '../sessions/session-transitions.js';
import { refuseClosed } from './refuse-closed.js';
import { ownershipLost, refuseEpoch } from './refuse-epoch.js';

/** Returns why this append is refused, or undefined if it is legal. */
export function refuseAppend(session: SessionRecord, request: AppendEntry): ContextStoreError | undefined {
  return refuseInactive(session) ?? refuseWriter(session, request) ?? refuseSequence(session, request);
}

/**
 * Returns why this offer is refused, or undefined if it is legal. Only the owner may give away rights.
 *
 * @param hasAccepted returns whether the agent accepted one of the session's handoffs. Called only if it matters
 */
export function refuseCreateHandoff(
  session: SessionRecord,
  request: CreateHandoff,
  hasAccepted: () => boolean,
): ContextStoreError | undefined {
  if (request.requestType === 'take_over') return refuseTakeOver(session, request, hasAccepted);
  return (
    refuseInactive(session) ??
    refuseWriter(session, request) ??
    (request.requestType === 'context_transfer'
      ? undefined
      : refuseParticipant(session, request.agent, `request a ${request.requestType}`))
  );
}

/** Returns why this change is refused, or undefined if it is legal. */
export function refuseUpdateSession(session: SessionRecord, request: UpdateSession): ContextStoreError | undefined {
  return (
    refuseWriter(session, request) ??
    refuseParticipant(session, request.agent, 'change the session') ??
    refuseVersion(session, request) ??
    refuseTransition(session, request)
  );
}

/** Returns why the session takes no writes or claims in its current state, or undefined if it does. */
export const refuseInactive = (session: SessionRecord): ContextStoreError | undefined =>
  refuseClosed(session) ?? (isExpired(session) ? sessionExpired(session) : undefined);

/** Creates the error of an expired session. */
export function sessionExpired({ sessionKey, owner }: SessionRecord): ContextStoreError {
  return new ContextStoreError(
    'SESSION_EXPIRED',
    `Session ${sessionKey} has expired; its log is kept. Its owner ${owner} can extend it with updateSession ttlSeconds.`,
    { sessionKey, owner },
  );
}

/** Returns why the agent may not write at this epoch. A former owner gets OWNERSHIP_LOST, others NOT_A_PARTICIPANT. */
function refuseWriter(
  session: SessionRecord,
  request: { readonly agent: string; readonly epoch?: number | undefined },
): ContextStoreError | undefined {
  const { owner, participants, formerOwners, formerParticipants } = session;
  const { agent } = request;
  if (agent === owner || participants.includes(agent)) return refuseEpoch(session, request);
  // An agent that was the owner before it was a participant was told then that it lost ownership.
  const isFormerOwner = formerOwners.includes(agent) && !formerParticipants.includes(agent);
  return isFormerOwner ? ownershipLost(session, agent) : notParticipant(session, agent);
}

function notParticipant({ sessionKey, owner, formerParticipants }: SessionRecord, agent: string): ContextStoreError {
  const problem = formerParticipants.includes(agent)
    ? `${agent} left session ${sessionKey}, or was removed from it, and may no longer write to it.`
    : `${agent} may not write to session ${sessionKey}.`;
  return new ContextStoreError(
    'NOT_A_PARTICIPANT',
    `${problem} Ask its owner ${owner} for a handoff (collaboration or full_handoff), then accept it.`,
    { sessionKey, agent, owner },
  );
}

function refuseParticipant(session: SessionRecord, agent: string, action: string): ContextStoreError | undefined {
  if (agent === session.owner) return undefined;
  return new ContextStoreError(
    'FORBIDDEN',
    `Only the owner ${session.owner} may ${action}; ${agent} is a participant of session ${session.sessionKey}.`,
    { sessionKey: session.sessionKey, owner: session.owner, agent },
  );
}

function refuseSequence(session: SessionRecord, { expectedSequence }: AppendEntry): ContextStoreError | undefined {
  const { sessionKey, lastSequence } = session;
  if (expectedSequence === undefined || expectedSequence === lastSequence) return undefined;
  return new ContextStoreError(
    'SEQUENCE_CONFLICT',
    `The log of session ${sessionKey} is at ${lastSequence}, not at ${expectedSequence}. ` +
      `Read on with getContext afterSequence ${Math.min(expectedSequence, lastSequence)}, then append with expectedSequence ${lastSequence}.`,
    { sessionKey, expectedSequence, lastSequence },
  );
}

function refuseVersion(session: SessionRecord, { expectedVersion }: UpdateSession): ContextStoreError | undefined {
  const { sessionKey, version } = session;
  if (expectedVersion === undefined || expectedVersion === version) return undefined;
  return new ContextStoreError(
    'VERSION_CONFLICT',
    `Session ${sessionKey} is at version ${version}, not ${expectedVersion}. Read it again with listSessions, then decide.`,
    { sessionKey, expectedVersion, version },
  );
}

function refuseTransition(session: SessionRecord, { state, ttlMs }: UpdateSession): ContextStoreError | undefined {
  if (isExpired(session) && state === undefined && ttlMs === undefined) return sessionExpired(session);
  const settable = settableStates(session.state);
  if (state === undefined || settable.includes(state)) return undefined;
  return new ContextStoreError(
    'SESSION_NOT_ACTIVE',
    `Session ${session.sessionKey} is ${session.state} and cannot become ${state}. Allowed: ${settable.join(', ')}.`,
    { sessionKey: session.sessionKey, status: session.state, requested: state },
  );
}
