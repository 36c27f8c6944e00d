import { createContextStore, type Caller, type ContextStore, type ContextStoreOptions } from '@org/domain';
import { expect, it } from 'vitest';
import { createMemoryStore } from '../src/memory-store/memory-store.js';

const former = 'codex-mcp-client';
/** Codex, without any configuration. */
const codex: Caller = { clientName: former };

const open = (options?: ContextStoreOptions): ContextStore =>
  createContextStore({ store: createMemoryStore() }, options);

/** A store with a session of an agent, from before Codex had a short name. */
async function withSessionOf(agent: string): Promise<ContextStore> {
  const store = open();
  await store.registerSession({ sessionKey: 'old', agent });
  return store;
}

const note = { sessionKey: 'old', contextType: 'message', content: 'x' } as const;
const offer = { sessionKey: 'old', requestType: 'full_handoff' } as const;

it('new sessions of a known client belong to its short name', async () => {
  const store = open();
  expect(await store.registerSession({ sessionKey: 'new' }, codex)).toMatchObject({ session: { owner: 'codex' } });
  expect(await store.updateContext({ ...note, sessionKey: 'new' }, codex)).toMatchObject({ sequence: 1 });
});

it('a session of the name that a client reports still belongs to the client', async () => {
  const store = await withSessionOf(former);
  const resume = { sessionKey: 'old', ifExists: 'resume' } as const;
  expect(await store.registerSession(resume, codex)).toMatchObject({ created: false, session: { owner: former } });
  expect(await store.updateContext(note, codex)).toMatchObject({ sequence: 1 });
  expect(await store.getContext({ sessionKey: 'old' })).toMatchObject({ entries: [{ agent: former }] });
  expect(await store.updateSession({ sessionKey: 'old', title: 'Old' }, codex)).toMatchObject({
    session: { title: 'Old' },
  });
  const { handoff } = await store.requestHandoff(offer, codex);
  expect(handoff).toMatchObject({ requestingAgent: former });
  expect(await store.resolveHandoff({ handoffId: handoff.handoffId, outcome: 'cancelled' }, codex)).toMatchObject({
    handoff: { status: 'cancelled' },
  });
});

it('a retry of a call that was made under the reported name gets the first answer', async () => {
  const store = await withSessionOf(former);
  const first = await store.updateContext({ ...note, idempotencyKey: 'k' }, { boundAgent: former });
  expect(await store.updateContext({ ...note, idempotencyKey: 'k' }, codex)).toEqual({ ...first, replayed: true });
});

it('offers to the reported name are in the inbox of the client, which may accept, return and reject them', async () => {
  const store = await withSessionOf('claude-code');
  const { handoff } = await store.requestHandoff({ ...offer, agent: 'claude-code', targetAgent: former });
  const { handoffs, cursor = '' } = await store.listHandoffs({}, codex);
  expect(handoffs).toMatchObject([{ handoffId: handoff.handoffId, targetAgent: former }]);
  const { handoffId } = handoff;
  expect(await store.acceptHandoff({ handoffId }, codex)).toMatchObject({ session: { owner: former } });
  expect(await store.acceptHandoff({ handoffId }, codex)).toMatchObject({ replayed: true });
  expect(await store.updateContext(note, codex)).toMatchObject({ sequence: 1 });
  expect(await store.resolveHandoff({ handoffId, outcome: 'returned', reason: 'r' }, codex)).toMatchObject({
    handoff: { status: 'returned' },
  });
  const waiting = store.listHandoffs({ cursor, waitSeconds: 10 }, codex);
  const next = await store.requestHandoff({ ...offer, agent: 'claude-code', targetAgent: former });
  expect((await waiting).handoffs).toMatchObject([{ handoffId: next.handoff.handoffId }]);
  const rejected = { handoffId: next.handoff.handoffId, outcome: 'rejected' } as const;
  expect(await store.resolveHandoff(rejected, codex)).toMatchObject({ handoff: { status: 'rejected' } });
});

it('a client that lost a session under its short name may get it under the reported one', async () => {
  const store = open();
  await store.registerSession({ sessionKey: 'old' }, codex);
  const given = await store.requestHandoff({ ...offer, targetAgent: 'claude-code' }, codex);
  await store.acceptHandoff({ handoffId: given.handoff.handoffId, agent: 'claude-code' });
  await expect(store.updateContext(note, codex)).rejects.toMatchObject({ code: 'OWNERSHIP_LOST' });
  const back = await store.requestHandoff({ ...offer, agent: 'claude-code', targetAgent: former });
  await store.acceptHandoff({ handoffId: back.handoff.handoffId }, codex);
  expect(await store.updateContext(note, codex)).toMatchObject({ sequence: 1, epoch: 3 });
  // An older epoch is fenced out under either name.
  await expect(store.updateContext({ ...note, epoch: 2 }, codex)).rejects.toMatchObject({ code: 'OWNERSHIP_LOST' });
});

it('a refusal names the agent as it is called now', async () => {
  const store = await withSessionOf('claude-code');
  await expect(store.updateContext(note, codex)).rejects.toMatchObject({
    code: 'NOT_A_PARTICIPANT',
    details: { agent: 'codex', owner: 'claude-code' },
  });
});

it.each<[string, Caller, { agent?: string }, ContextStoreOptions]>([
  ['an agent argument', codex, { agent: 'codex' }, {}],
  ['a configured agent', codex, {}, { agent: 'codex' }],
  ['a credential', { ...codex, boundAgent: 'codex' }, {}, {}],
  ['another client', { clientName: 'claude-code' }, {}, {}],
])('%s has no part in what belongs to the reported name', async (_who, caller, args, options) => {
  const store = open(options);
  await store.registerSession({ sessionKey: 'old', agent: former });
  await expect(store.updateContext({ ...note, ...args }, caller)).rejects.toMatchObject({ code: 'NOT_A_PARTICIPANT' });
  const { handoff } = await store.requestHandoff({ ...offer, agent: former, targetAgent: former });
  expect((await store.listHandoffs(args, caller)).handoffs).toEqual([]);
  await expect(store.acceptHandoff({ handoffId: handoff.handoffId, ...args }, caller)).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
});
