import { randomUUID } from 'node:crypto';
import type { UseCaseName } from '@org/context-store';

export type Arguments = Readonly<Record<string, unknown>>;

/** The names in another tenant's session. A caller may guess them, or get them by accident. */
export interface Names {
  readonly sessionKey: string;
  readonly agent: string;
  readonly handoffId: string;
  readonly idempotencyKey: string;
  readonly contextCursor: string;
  readonly sessionsCursor: string;
  readonly handoffsCursor: string;
}

/** Calls that would read or change what has these names. A new tool must be added here. */
export const calls: { readonly [Name in UseCaseName]: (names: Names) => readonly Arguments[] } = {
  getContext: ({ sessionKey, agent, contextCursor }) => [
    { sessionKey },
    { sessionKey, order: 'asc', afterSequence: 1 },
    { sessionKey, cursor: contextCursor },
    { sessionKey: 'mine', cursor: contextCursor },
    { sessionKey, unread: true, agent },
    { sessionKey, ackSequence: 1, agent },
    { sessionKey, ackSequence: 99, agent },
    { sessionKey, types: ['file'], limit: 1, contentOffset: 1, afterSequence: 0 },
  ],
  getBriefing: ({ sessionKey, agent }) => [{ sessionKey }, { sessionKey, agent, maxTokens: 500 }],
  updateContext: ({ sessionKey, agent, idempotencyKey }) => {
    const entry = { sessionKey, contextType: 'message', content: 'x', agent };
    return [
      entry,
      { ...entry, epoch: 1 },
      { ...entry, epoch: 99 },
      { ...entry, expectedSequence: 3 },
      { ...entry, idempotencyKey },
    ];
  },
  updateSession: ({ sessionKey, agent }) => [
    { sessionKey, agent, title: 'x' },
    { sessionKey, agent, status: 'archived', expectedVersion: 1 },
  ],
  requestHandoff: ({ sessionKey, agent }) => [{ sessionKey, agent, requestType: 'full_handoff' }],
  listHandoffs: ({ agent, handoffsCursor }) => [
    { agent },
    { agent, roles: ['reviewer'], waitSeconds: 0.05 },
    { agent, direction: 'outbox' },
    { agent, status: 'accepted' },
    { agent, cursor: handoffsCursor },
  ],
  acceptHandoff: ({ handoffId, agent }) => [
    { handoffId, agent },
    { handoffId, agent, leaseSeconds: 60 },
  ],
  resolveHandoff: ({ handoffId, agent }) =>
    ['completed', 'rejected', 'cancelled', 'returned'].map((outcome) => ({ handoffId, agent, outcome })),
  listSessions: ({ sessionKey, agent, sessionsCursor }) => [
    { sessionKey },
    { owner: agent },
    { cursor: sessionsCursor },
  ],
  // This must be the last call: from here on the caller has a session of this name, too.
  registerSession: ({ sessionKey, agent, idempotencyKey }) => [
    { sessionKey, agent, ifExists: 'resume', idempotencyKey },
    { sessionKey, agent },
  ],
};

/** Names in every form of real ones, for which nothing exists. */
export const namesOfNothing = (): Names => ({
  sessionKey: `no-${randomUUID()}-session`,
  agent: `no-${randomUUID()}-agent`,
  idempotencyKey: `no-${randomUUID()}-key`,
  handoffId: randomUUID(),
  contextCursor: Buffer.from('["nothing",1]').toString('base64url'),
  sessionsCursor: Buffer.from('["nothing",1]').toString('base64url'),
  handoffsCursor: Buffer.from('["nothing",1]').toString('base64url'),
});
