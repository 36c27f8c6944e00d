import {
  composePage,
  handoffStatus,
  inboxClasses,
  inboxClassOf,
  isOwnRoleOffer,
  refuseClaim,
  refuseCreateHandoff,
  refusePosition,
  refuseRepeatedClaim,
  refuseResolve,
  renewedLease,
  addressesBeside,
  startOf,
  type ClaimHandoff,
  type HandoffRecord,
  type ListHandoffs,
  type Store,
} from '@org/domain';
import type { MemoryState, StoredHandoff, StoredSession } from './memory-state.js';

type HandoffOperations = Pick<
  Store,
  'createHandoff' | 'readHandoff' | 'listHandoffs' | 'peekInboxes' | 'claimHandoff' | 'resolveHandoff'
>;

export const memoryHandoffs = (state: MemoryState): HandoffOperations => ({
  createHandoff: async (request) =>
    state.once(request, request.sessionKey, () => {
      const session = state.session(request);
      const current = state.observe(session.record);
      const refusal = refuseCreateHandoff(current, request);
      if (refusal !== undefined) throw refusal;
      const now = state.now();
      const handoff: StoredHandoff = {
        id: state.nextId(),
        handoffId: request.handoffId,
        namespace: request.namespace,
        sessionKey: request.sessionKey,
        requestType: request.requestType,
        status: 'pending',
        requestingAgent: request.agent,
        targetAgent: request.targetAgent,
        uptoSequence: current.lastSequence,
        summary: request.summary,
        instructions: request.instructions,
        requestData: structuredClone(request.requestData),
        createdAtMs: now,
        expiresAtMs: now + request.expiresInMs,
      };
      state.handoffs.push(handoff);
      state.touchSession(session, { lease: renewedLease(current, request.agent, now) });
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
      grantRights(state, session, accepted, request);
      return {
        handoff: state.observeHandoff(state.handoff(request.namespace, request.handoffId)),
        session: state.touchSession(session),
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
      if (request.outcome === 'returned') {
        state.moveOwnership(session, handoff.requestingAgent);
        state.touchSession(session);
      } else if (session.record.lease?.handoffId === handoff.handoffId) {
        state.changeSession(session, { lease: undefined });
      }
      return { handoff: state.observeHandoff(state.handoff(request.namespace, request.handoffId)) };
    }),
});

function grantRights(
  state: MemoryState,
  session: StoredSession,
  { requestType, requestingAgent, handoffId }: HandoffRecord,
  { agent, leaseMs }: ClaimHandoff,
): void {
  const { owner, participants, version } = session.record;
  if (requestType === 'full_handoff') {
    const lease =
      leaseMs === undefined
        ? undefined
        : {
            handoffId,
            returnsTo: requestingAgent,
            durationMs: leaseMs,
            expiresAtMs: state.now() + leaseMs,
          };
    const { epoch } = state.moveOwnership(session, agent, lease);
    state.changeHandoff(state.handoff(session.record.namespace, handoffId), { grantedEpoch: epoch });
  } else if (requestType === 'collaboration' && agent !== owner && !participants.includes(agent)) {
    state.changeSession(session, {
      participants: [...participants, agent],
      version: version + 1,
      updatedAtMs: Math.max(session.record.updatedAtMs, state.now()),
    });
  }
}

function isListed(
  handoff: StoredHandoff,
  list: Pick<ListHandoffs, 'agent' | 'roles' | 'formerName' | 'direction'>,
): boolean {
  const { agent, direction } = list;
  const { targetAgent, requestingAgent } = handoff;
  if (direction === 'outbox') return requestingAgent === agent;
  if (targetAgent === undefined || targetAgent === agent) return true;
  return addressesBeside(list).includes(targetAgent) && !isOwnRoleOffer(handoff, agent);
}
