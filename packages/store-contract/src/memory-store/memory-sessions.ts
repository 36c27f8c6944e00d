import { randomUUID } from 'node:crypto';
import {
  handoffStatus,
  isExpired,
  isOfProjects,
  ownerWroteAt,
  refuseUpdateSession,
  renewedLease,
  sessionExists,
  sessionExpired,
  sessionStatus,
  type Store,
} from '@org/domain';
import type { MemoryState, StoredSession } from './memory-state.js';

type SessionOperations = Pick<
  Store,
  | 'createSession'
  | 'readSession'
  | 'listSessions'
  | 'listSessionKeys'
  | 'updateSession'
  | 'deleteSession'
  | 'countNamespace'
>;

export const memorySessions = (state: MemoryState): SessionOperations => ({
  createSession: async (request) =>
    state.once(request, '', () => {
      const existing = state.findSession(request);
      if (existing === undefined) {
        const session = newSession(state, request);
        state.sessions.push(session);
        return { session: state.observe(session.record), created: true };
      }
      const session = state.observe(existing.record);
      if (request.ifExists === 'error') throw sessionExists(session);
      if (isExpired(session)) throw sessionExpired(session);
      return { session, created: false };
    }),

  readSession: async (request) => state.observe(state.session(request).record),

  listSessions: async ({ namespace, projects, owner, status, dormantAfterMs, before = Infinity, limit }) => {
    const found = state.sessions
      .filter(({ id, record }) => record.namespace === namespace && id < before)
      .filter(({ record }) => isOfProjects(projects, record.project))
      .filter(({ record }) => owner === undefined || record.owner === owner)
      .map(({ id, record }) => ({ id, session: state.observe(record) }))
      .filter(({ session }) => status === undefined || sessionStatus(session, dormantAfterMs) === status)
      .toReversed();
    const page = found.slice(0, limit);
    return {
      sessions: page.map(({ session }) => session),
      ...(found.length > limit && { next: page.at(-1)?.id }),
    };
  },

  listSessionKeys: async ({ namespace, prefix, limit }) =>
    state.sessions
      .filter(({ record }) => record.namespace === namespace && record.sessionKey.startsWith(prefix))
      .map(({ record }) => record.sessionKey)
      .toSorted()
      .slice(0, limit),

  updateSession: async (request) =>
    state.once(request, request.sessionKey, () => {
      const session = state.session(request);
      const current = state.observe(session.record);
      const refusal = refuseUpdateSession(current, request);
      if (refusal !== undefined) throw refusal;
      const changed = state.touchSession(session, {
        version: current.version + 1,
        updatedAtMs: Math.max(current.updatedAtMs, state.now()),
        lease: renewedLease(current, request.agent, state.now()),
        ownerWroteAtMs: ownerWroteAt(current, request.agent, state.now()),
        ...(request.state !== undefined && { state: request.state }),
        ...(request.title !== undefined && { title: request.title }),
        ...(request.project !== undefined && { project: request.project ?? undefined }),
        ...(request.metadata !== undefined && { metadata: structuredClone(request.metadata) }),
        ...(request.ttlMs !== undefined && { ttlMs: request.ttlMs }),
      });
      if (changed.project !== current.project) state.moveOffers(changed);
      return { session: changed };
    }),

  deleteSession: async (request) => state.deleteSession(state.session(request)),

  countNamespace: async ({ namespace, limit }) => {
    const within = (count: number): number => Math.min(count, limit);
    return {
      sessions: within(state.sessions.filter(({ record }) => record.namespace === namespace).length),
      pendingHandoffs: within(
        state.handoffs.filter(
          (handoff) => handoff.namespace === namespace && handoffStatus(state.observeHandoff(handoff)) === 'pending',
        ).length,
      ),
    };
  },
});

function newSession(state: MemoryState, request: Parameters<Store['createSession']>[0]): StoredSession {
  const now = state.now();
  return {
    id: state.nextId(),
    log: [],
    marks: new Map(),
    record: {
      uid: randomUUID(),
      namespace: request.namespace,
      sessionKey: request.sessionKey,
      state: 'active',
      owner: request.agent,
      participants: [],
      formerOwners: [],
      formerParticipants: [],
      ownerWroteAtMs: now,
      epoch: 1,
      version: 1,
      lastSequence: 0,
      title: request.title,
      project: request.project,
      metadata: structuredClone(request.metadata),
      createdAtMs: now,
      updatedAtMs: now,
      lastActivityAtMs: now,
      ttlMs: request.ttlMs,
    },
  };
}
