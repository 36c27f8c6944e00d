import { roleAddress } from '../model/names.js';
import type { ListHandoffs, SessionRecord, Store } from '../ports/store.js';
import { handoffStatus, isOwnRoleOffer, refuseClaim, refuseResolve } from '../rules/handoff-transitions.js';
import { refuseCreateHandoff } from '../rules/refuse-write.js';
import type { MemoryState, StoredHandoff, StoredSession } from './memory-state.js';

type HandoffOperations = Pick<Store, 'createHandoff' | 'listHandoffs' | 'claimHandoff' | 'resolveHandoff'>;

export const memoryHandoffs = (state: MemoryState): HandoffOperations => ({
  createHandoff: async (request) =>
    state.once(request, request.sessionKey, () => {
      const session = state.session(request);
      const current = state.observe(session.record);
      const refusal = refuseCreateHandoff(current, request, () => state.wasOwner(request, request.agent));
      if (refusal !== undefined) throw refusal;
      const now = state.now();
      const handoff: StoredHandoff = {
        id: state.handoffs.length + 1,
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
      state.changeSession(session, { lastActivityAtMs: now });
      return { handoff: state.observeHandoff(handoff) };
    }),

  listHandoffs: async (request) => {
    const { after = 0, limit, status } = request;
    const found = state.handoffs
      .filter((handoff) => handoff.id > after && handoff.namespace === request.namespace && isListed(handoff, request))
      .filter((handoff) => status === undefined || handoffStatus(state.observeHandoff(handoff)) === status);
    const page = found.slice(0, limit);
    const more = found.length > limit;
    return {
      handoffs: page.map((handoff) => state.observeHandoff(handoff)),
      next: more ? (page.at(-1)?.id ?? after) : Math.max(after, state.handoffs.length),
      more,
    };
  },

  claimHandoff: async (request) =>
    state.once(request, '', () => {
      const handoff = state.handoff(request.namespace, request.handoffId);
      const session = state.session(handoff);
      if (handoff.status === 'accepted' && handoff.acceptedBy === request.agent) {
        return { handoff: state.observeHandoff(handoff), session: state.observe(session.record), replayed: true };
      }
      const refusal = refuseClaim(state.observeHandoff(handoff), state.observe(session.record), request);
      if (refusal !== undefined) throw refusal;
      const accepted = state.changeHandoff(handoff, { status: 'accepted', acceptedBy: request.agent });
      return { handoff: accepted, session: grantRights(state, session, handoff, request.agent) };
    }),

  resolveHandoff: async (request) =>
    state.once(request, '', () => {
      const handoff = state.handoff(request.namespace, request.handoffId);
      const session = state.session(handoff);
      const refusal = refuseResolve(state.observeHandoff(handoff), state.observe(session.record), request);
      if (refusal !== undefined) throw refusal;
      const resolved = state.changeHandoff(handoff, {
        status: request.outcome,
        resolvedAtMs: state.now(),
        reason: request.reason,
        result: structuredClone(request.result),
      });
      if (request.outcome === 'returned') state.moveOwnership(session, handoff.requestingAgent);
      return { handoff: resolved };
    }),
});

function grantRights(state: MemoryState, session: StoredSession, handoff: StoredHandoff, agent: string): SessionRecord {
  const { owner, participants, version } = session.record;
  switch (handoff.requestType) {
    case 'full_handoff':
      return state.moveOwnership(session, agent);
    case 'collaboration':
      if (agent !== owner && !participants.includes(agent)) {
        state.changeSession(session, {
          participants: [...participants, agent],
          version: version + 1,
          updatedAtMs: state.now(),
        });
      }
      break;
    case 'context_transfer':
      break;
  }
  return state.changeSession(session, { lastActivityAtMs: state.now() });
}

function isListed(handoff: StoredHandoff, { agent, roles, direction }: ListHandoffs): boolean {
  const { targetAgent, requestingAgent } = handoff;
  if (direction === 'outbox') return requestingAgent === agent;
  if (targetAgent === undefined || targetAgent === agent) return true;
  return roles.map(roleAddress).includes(targetAgent) && !isOwnRoleOffer(handoff, agent);
}
