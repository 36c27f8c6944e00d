import {
  addParticipant,
  composePage,
  handoffStatus,
  inboxClasses,
  inboxClassOf,
  isExpired,
  isGivenBack,
  isOfProjects,
  isOwnRoleOffer,
  leavingAgent,
  operatorMoved,
  ownerWroteAt,
  refuseClaim,
  refuseCreateHandoff,
  refuseOperator,
  refusePosition,
  refuseRepeatedClaim,
  refuseResolve,
  removeParticipant,
  renewedLease,
  roleAddress,
  shownTakeOver,
  startOf,
  takeOverEntry,
  takeOverReason,
  tookOverFrom,
  type ClaimHandoff,
  type HandoffRecord,
  type ListHandoffs,
  type SessionRecord,
  type Store,
  type TakeOverMove,
} from '@org/domain';
import type { MemoryState, StoredHandoff, StoredSession } from './memory-state.js';

type HandoffOperations = Pick<
  Store,
  | 'createHandoff'
  | 'readHandoff'
  | 'listHandoffs'
  | 'peekInboxes'
  | 'claimHandoff'
  | 'resolveHandoff'
  | 'takeOverSession'
>;

export const memoryHandoffs = (state: MemoryState): HandoffOperations => ({
  createHandoff: async (request) =>
    state.once(request, request.sessionKey, () => {
      const session = state.session(request);
      const current = state.observe(session.record);
      const refusal = refuseCreateHandoff(current, request, () => hasAccepted(state, request));
      if (refusal !== undefined) throw refusal;
      const now = state.now();
      const isTakeOver = request.requestType === 'take_over';
      const handoff: StoredHandoff = {
        id: state.nextId(),
        handoffId: request.handoffId,
        namespace: request.namespace,
        sessionKey: request.sessionKey,
        project: current.project,
        requestType: request.requestType,
        status: 'pending',
        requestingAgent: request.agent,
        targetAgent: isTakeOver ? current.owner : request.targetAgent,
        uptoSequence: current.lastSequence,
        summary: request.summary,
        instructions: request.instructions,
        requestData: structuredClone(request.requestData),
        createdAtMs: now,
        expiresAtMs: now + request.expiresInMs,
      };
      state.handoffs.push(handoff);
      if (isTakeOver) {
        state.changeSession(session, {
          takeOver: shownTakeOver(current.takeOver, {
            handoffId: request.handoffId,
            requestedBy: request.agent,
            requestedAtMs: now,
            expiresAtMs: now + request.expiresInMs,
          }),
        });
      } else {
        state.touchSession(session, {
          lease: renewedLease(current, request.agent, now),
          ownerWroteAtMs: ownerWroteAt(current, request.agent, now),
        });
      }
      return { handoff: state.observeHandoff(handoff) };
    }),

  readHandoff: async ({ namespace, handoffId }) => state.observeHandoff(state.handoff(namespace, handoffId)),

  listHandoffs: async (request) => {
    const { after = 0, limit, status, direction } = request;
    const refusal = refusePosition(after, state.lastId);
    if (refusal !== undefined) throw refusal;
    const classes = (direction === 'outbox' ? [0] : inboxClasses).map((index) => {
      const found = state.handoffs.filter(
        (handoff) =>
          handoff.namespace === request.namespace &&
          isListed(handoff, request) &&
          (direction === 'outbox' || inboxClassOf(handoff.targetAgent, request.agent) === index),
      );
      const listed = found
        .map((handoff) => ({
          place: handoff.id,
          sender: handoff.requestingAgent,
          record: state.observeHandoff(handoff),
        }))
        .filter(({ record }) => status === undefined || handoffStatus(record) === status);
      return { handoffs: listed, last: found.at(-1)?.id ?? 0, isCut: false };
    });
    const page = composePage(classes, { after, limit, takesTurns: direction === 'inbox' && status === 'pending' });
    return { ...page, handoffs: page.handoffs.map(({ record }) => record) };
  },

  peekInboxes: async (inboxes) =>
    inboxes.map((inbox) =>
      state.handoffs.some(
        (handoff) =>
          handoff.id > startOf(inbox.after, inboxClassOf(handoff.targetAgent, inbox.agent)) &&
          handoff.namespace === inbox.namespace &&
          isListed(handoff, { ...inbox, direction: 'inbox' }) &&
          handoffStatus(state.observeHandoff(handoff)) === 'pending',
      ),
    ),

  claimHandoff: async (request) =>
    state.once(request, '', () => {
      const handoff = state.handoff(request.namespace, request.handoffId);
      const session = state.session(handoff);
      if (handoff.status === 'accepted' && handoff.acceptedBy === request.agent) {
        const refusal = refuseRepeatedClaim(state.observeHandoff(handoff), request);
        if (refusal !== undefined) throw refusal;
        const { record } = session;
        const holds = record.lease?.handoffId === handoff.handoffId;
        const renewed = holds ? { lease: renewedLease(record, request.agent, state.now(), request.leaseMs) } : {};
        const current = state.changeSession(session, renewed);
        return { handoff: state.observeHandoff(handoff), session: current, replayed: true };
      }
      const refusal = refuseClaim(state.observeHandoff(handoff), state.observe(session.record), request);
      if (refusal !== undefined) throw refusal;
      const accepted = state.changeHandoff(handoff, {
        status: 'accepted',
        acceptedBy: request.agent,
        claimant: request.claimant,
      });
      const grant = accepted.requestType === 'take_over' ? acceptTakeOver : grantRights;
      const current = grant(state, session, accepted, request);
      return {
        handoff: state.observeHandoff(state.handoff(request.namespace, request.handoffId)),
        session: current,
      };
    }),

  resolveHandoff: async (request) =>
    state.once(request, '', () => {
      const handoff = state.handoff(request.namespace, request.handoffId);
      const session = state.session(handoff);
      const refusal = refuseResolve(state.observeHandoff(handoff), state.observe(session.record), request);
      if (refusal !== undefined) throw refusal;
      state.changeHandoff(handoff, {
        status: request.outcome,
        resolvedAtMs: state.now(),
        reason: request.reason,
        result: structuredClone(request.result),
      });
      if (isGivenBack(handoff, request.outcome)) {
        state.moveOwnership(session, handoff.requestingAgent);
        state.touchSession(session);
      } else {
        const { record } = session;
        const { changes, ...writers } = removeParticipant(record, leavingAgent(handoff, request.outcome));
        state.changeSession(session, {
          ...(changes && state.newVersion(session, writers)),
          ownerWroteAtMs: ownerWroteAt(record, request.agent, state.now()),
          ...(record.lease?.handoffId === handoff.handoffId && { lease: undefined }),
          ...(record.takeOver?.handoffId === handoff.handoffId && { takeOver: state.pendingTakeOver(session) }),
        });
      }
      return { handoff: state.observeHandoff(state.handoff(request.namespace, request.handoffId)) };
    }),

  takeOverSession: async (request) => {
    const { namespace, agent: to, reason } = request;
    const session = state.session(request);
    const former = state.observe(session.record);
    const refusal = refuseOperator(former, request);
    if (refusal !== undefined) throw refusal;
    const { lease } = former;
    if (lease !== undefined) {
      const ended = { status: 'cancelled', resolvedAtMs: state.now(), reason: operatorMoved(to) } as const;
      state.changeHandoff(state.handoff(namespace, lease.handoffId), ended);
    }
    const taken = takeOver(state, session, { to, reason, handoffId: undefined });
    return { session: taken, tookOver: tookOverFrom(former) };
  },
});

/** Gives the acceptor of an offer its rights. Returns the session as it is then. */
function grantRights(
  state: MemoryState,
  session: StoredSession,
  { requestType, requestingAgent, handoffId }: HandoffRecord,
  { agent, leaseMs }: ClaimHandoff,
): SessionRecord {
  const now = state.now();
  if (requestType === 'full_handoff') {
    const expiring = leaseMs === undefined ? undefined : { durationMs: leaseMs, expiresAtMs: now + leaseMs };
    const lease = expiring && { handoffId, returnsTo: requestingAgent, ...expiring };
    const { epoch } = state.moveOwnership(session, agent, { lease, ownerWroteAtMs: now });
    state.changeHandoff(state.handoff(session.record.namespace, handoffId), { grantedEpoch: epoch });
    return state.touchSession(session);
  }
  const ownerWrote = { ownerWroteAtMs: ownerWroteAt(session.record, agent, now) };
  if (requestType === 'context_transfer') return state.touchSession(session, ownerWrote);
  const { changes, ...writers } = addParticipant(session.record, agent);
  return state.touchSession(session, { ...ownerWrote, ...(changes && state.newVersion(session, writers)) });
}

/** Makes the requester of a `take_over` the owner. */
function acceptTakeOver(
  state: MemoryState,
  session: StoredSession,
  { requestingAgent: to, handoffId, ...asked }: HandoffRecord,
): SessionRecord {
  const tookOver = tookOverFrom(session.record);
  const taken = takeOver(state, session, { to, reason: takeOverReason(asked), handoffId });
  const { epoch, lastSequence } = taken;
  const handoff = state.handoff(session.record.namespace, handoffId);
  state.changeHandoff(handoff, { grantedEpoch: epoch, tookOver, uptoSequence: lastSequence });
  return state.changeSession(session, { ownerWroteAtMs: state.now(), ownerLastSequence: lastSequence });
}

/** Moves ownership without the owner's consent, and says so in the log. An expired session stays expired. */
function takeOver(state: MemoryState, session: StoredSession, move: Omit<TakeOverMove, 'from'>): SessionRecord {
  const former = state.observe(session.record);
  const entry = takeOverEntry({ ...move, from: former.owner }, tookOverFrom(former));
  state.moveOwnership(session, move.to, { takenOverAtMs: state.now() });
  state.appendEntry(session, {
    ...entry,
    agent: move.to,
    contextType: 'system',
    pinned: false,
    idempotency: undefined,
  });
  return isExpired(former) ? state.observe(session.record) : state.touchSession(session);
}

/** Whether the agent accepted one of the session's handoffs. */
const hasAccepted = (
  state: MemoryState,
  { namespace, sessionKey, agent }: { readonly namespace: string; readonly sessionKey: string; readonly agent: string },
): boolean =>
  state.handoffs.some(
    (handoff) => handoff.namespace === namespace && handoff.sessionKey === sessionKey && handoff.acceptedBy === agent,
  );

function isListed(
  handoff: StoredHandoff,
  { agent, roles, direction, projects }: Pick<ListHandoffs, 'agent' | 'roles' | 'direction' | 'projects'>,
): boolean {
  const { targetAgent, requestingAgent } = handoff;
  if (!isOfProjects(projects, handoff.project)) return false;
  if (direction === 'outbox') return requestingAgent === agent;
  if (targetAgent === undefined || targetAgent === agent) return true;
  return roles.map(roleAddress).includes(targetAgent) && !isOwnRoleOffer(handoff, agent);
}
