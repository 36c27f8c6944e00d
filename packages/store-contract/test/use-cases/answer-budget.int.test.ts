import { createContextStore, recordedNote, type ContextStore } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';

const metadata = { files: 'x'.repeat(60_000) };

async function withSessions(count: number): Promise<ContextStore> {
  const store = createContextStore({ store: createMemoryStore() }, { agent: 'planner' });
  for (let index = 0; index < count; index += 1) {
    await store.registerSession({ sessionKey: `work-${index}`, title: `Work ${index}`, metadata });
  }
  return store;
}

async function withParticipants(count: number): Promise<ContextStore> {
  const store = await withSessions(1);
  for (let index = 0; index < count; index += 1) {
    const offer = { sessionKey: 'work-0', requestType: 'collaboration' } as const;
    const { handoff } = await store.requestHandoff(offer);
    await store.acceptHandoff({ handoffId: handoff.handoffId, agent: `${'a'.repeat(100)}-${index}` });
  }
  return store;
}

describe('listSessions', () => {
  it('cuts large sessions, and names the fields that it cut', async () => {
    const store = await withSessions(20);
    const { note, sessions } = await store.listSessions({});
    expect(note).toBe(recordedNote);
    expect(sessions).toHaveLength(20);
    expect(sessions[0]).toMatchObject({ title: 'Work 19', metadata: {}, truncated: ['metadata'] });
  });

  it('shows a single session whole if the budget allows', async () => {
    const store = await withSessions(3);
    const { sessions } = await store.listSessions({ sessionKey: 'work-1', maxTokens: 20_000 });
    expect(sessions).toMatchObject([{ sessionKey: 'work-1', metadata }]);
    expect(sessions[0]).not.toHaveProperty('truncated');
    await expect(store.listSessions({ sessionKey: 'none' })).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await expect(store.listSessions({ sessionKey: 'work-1', owner: 'planner' })).rejects.toThrow('leave out status');
  });

  it.each([400, 2000, 8000])('pages through all sessions within %i tokens a page', async (maxTokens) => {
    const store = await withSessions(60);
    const keys: string[] = [];
    for (let cursor: string | undefined, first = true; first || cursor !== undefined; first = false) {
      const page = await store.listSessions({ limit: 100, maxTokens, cursor });
      keys.push(...page.sessions.map(({ sessionKey }) => sessionKey));
      cursor = page.nextCursor;
    }
    expect(keys).toEqual(Array.from({ length: 60 }, (_, index) => `work-${59 - index}`));
  });
});

describe('listHandoffs', () => {
  it('shows a single large offer whole if the budget allows', async () => {
    const store = await withSessions(1);
    const large = { summary: 'line\n'.repeat(1000), requestData: { big: 'x'.repeat(60_000) } };
    await store.requestHandoff({ sessionKey: 'work-0', requestType: 'context_transfer', ...large });
    const { handoffs } = await store.listHandoffs({ agent: 'implementer', limit: 1, maxTokens: 25_000 });
    expect(handoffs).toMatchObject([large]);
    expect(handoffs[0]).not.toHaveProperty('truncated');
  });

  it('shows a requester the result of a handoff whole', async () => {
    const store = await withSessions(1);
    const { handoff } = await store.requestHandoff({ sessionKey: 'work-0', requestType: 'context_transfer' });
    const { handoffId } = handoff;
    const result = { big: 'x'.repeat(60_000) };
    await store.acceptHandoff({ handoffId, agent: 'implementer' });
    const resolved = await store.resolveHandoff({ handoffId, agent: 'implementer', outcome: 'completed', result });
    expect(resolved.handoff).toMatchObject({ status: 'completed', truncated: ['result'] });
    const asked = { agent: handoff.requestingAgent, direction: 'outbox', limit: 1, maxTokens: 25_000 } as const;
    expect((await store.listHandoffs(asked)).handoffs).toMatchObject([{ handoffId, result }]);
  });

  it('says that more follows if a page ends before the inbox does', async () => {
    const store = await withSessions(1);
    const offered: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      const { handoff } = await store.requestHandoff({ sessionKey: 'work-0', requestType: 'context_transfer' });
      offered.push(handoff.handoffId);
    }
    const shown: string[] = [];
    let more: true | undefined = true;
    for (let cursor: string | undefined; more;) {
      const page = await store.listHandoffs({ agent: 'implementer', limit: 100, maxTokens: 2000, cursor });
      shown.push(...page.handoffs.map(({ handoffId }) => handoffId));
      ({ more, cursor } = page);
    }
    expect(shown).toEqual(offered);
  });
});

describe('acceptHandoff', () => {
  it('shows `requestData` whole if the acceptor repeats the call with more tokens', async () => {
    const store = await withSessions(1);
    const requestData = { big: 'x'.repeat(60_000) };
    const offer = { sessionKey: 'work-0', requestType: 'full_handoff', requestData } as const;
    const { handoff } = await store.requestHandoff(offer);
    const accept = { handoffId: handoff.handoffId, agent: 'implementer' };
    const first = await store.acceptHandoff(accept);
    expect(first.handoff.truncated).toEqual(['requestData']);
    expect(first.session.truncated).toEqual(['metadata']);
    const again = await store.acceptHandoff({ ...accept, maxTokens: 100_000 });
    expect(again).toMatchObject({ replayed: true, handoff: { requestData } });
  });
});

describe('the answer to a mutation', () => {
  it('does not repeat the metadata that its caller has sent', async () => {
    const store = await withSessions(1);
    const { session } = await store.updateSession({ sessionKey: 'work-0', metadata: { ...metadata, more: 1 } });
    expect(session).toMatchObject({ metadata: {}, truncated: ['metadata'] });
    expect((await store.readSession('work-0')).metadata).toEqual({ ...metadata, more: 1 });
  });

  it('always shows a calling participant its own name, among many others', async () => {
    const store = await withParticipants(40);
    const agent = `${'a'.repeat(100)}-17`;
    const { session } = await store.registerSession({ sessionKey: 'work-0', ifExists: 'resume', agent });
    expect(session.participants).toContain(agent);
    expect(session.truncated).toEqual(['participants', 'metadata']);
  });
});
