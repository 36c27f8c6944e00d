import {
  ContextStoreError,
  createContextStore,
  useCases,
  type ContextStore,
  type ContextStoreOptions,
  type RequestCaller,
  type UseCaseInput,
  type UseCaseName,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../src/memory-store/memory-store.js';

const open = (options?: ContextStoreOptions): ContextStore =>
  createContextStore({ store: createMemoryStore() }, { agent: 'planner', ...options });

async function refusal(call: Promise<unknown>): Promise<ContextStoreError> {
  const error: unknown = await call.then(
    () => expect.fail('expected a refusal'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ContextStoreError);
  return error as ContextStoreError;
}

const note = (content: string, more: Partial<UseCaseInput<'updateContext'>> = {}): UseCaseInput<'updateContext'> => ({
  sessionKey: 'work',
  contextType: 'message',
  content,
  ...more,
});

describe('every use case', () => {
  it('answers in the shape of its result schema', async () => {
    const store = open();
    const checked = async <Name extends UseCaseName>(
      name: Name,
      input: UseCaseInput<Name>,
    ): Promise<Record<string, unknown>> => {
      const answer: Record<string, unknown> = { ...(await store[name](input as never)) };
      useCases[name].result.parse(answer);
      expect(JSON.parse(JSON.stringify(answer))).toEqual(answer);
      return answer;
    };
    await checked('registerSession', { sessionKey: 'work', title: 'Work', ttlSeconds: 60, metadata: { a: 1 } });
    await checked('updateContext', note('hello', { pinned: true, idempotencyKey: 'k' }));
    await checked('updateContext', note('hello', { pinned: true, idempotencyKey: 'k' }));
    await checked('getContext', { sessionKey: 'work' });
    await checked('getBriefing', { sessionKey: 'work' });
    const { handoff } = await checked('requestHandoff', {
      sessionKey: 'work',
      targetAgent: 'implementer',
      requestType: 'full_handoff',
      summary: 's',
      instructions: 'i',
      requestData: { x: 1 },
    });
    await checked('listHandoffs', { agent: 'implementer' });
    const { handoffId } = handoff as { handoffId: string };
    await checked('acceptHandoff', { handoffId, agent: 'implementer' });
    await checked('resolveHandoff', {
      handoffId,
      agent: 'implementer',
      outcome: 'completed',
      reason: 'r',
      result: { ok: true },
    });
    await checked('listSessions', { status: 'active' });
    await checked('updateSession', { sessionKey: 'work', agent: 'implementer', status: 'completed' });
  });

  it('names the arguments that are wrong, and those that are known', async () => {
    const store = open();
    const wrong = { sessionKey: 'no spaces', contextType: 'thought', content: 7, colour: 'red' };
    const error = await refusal(store.updateContext(wrong as never));
    expect(error.code).toBe('VALIDATION_ERROR');
    for (const field of ['sessionKey', 'contextType', 'content', 'colour'])
      expect(error.message).toContain(`${field}: `);
    expect(error.message).toContain('known are agent, idempotencyKey, sessionKey');
    expect((await refusal(store.getContext(null as never))).message).toContain(
      'sessionKey: missing; a string is needed',
    );
    expect((await refusal(store.getContext('x' as never))).message).toContain('arguments: ');
  });

  it('hides the message of a defect, and keeps its cause for the log', async () => {
    const broken = createContextStore({
      store: {
        ...createMemoryStore(),
        readEntries: () => Promise.reject(new Error('select * from secrets')),
      },
    });
    const error = await refusal(broken.getContext({ sessionKey: 'work' }));
    expect(error.code).toBe('INTERNAL_ERROR');
    expect(JSON.stringify(error)).not.toContain('secrets');
    expect((error.cause as Error).message).toContain('secrets');
  });

  it('reports all invalid options at once', () => {
    expect(() => open({ namespace: 'a b', maxContentBytes: 0 })).toThrow(/namespace: .*maxContentBytes: /);
  });

  it('refuses durations that no engine, or no timer, can hold', async () => {
    const longest = { dormantAfterMs: 315_360_000_000, sessionTtlMs: 315_360_000_000, handoffTtlMs: 315_360_000_000 };
    const accepted = { ...longest, callTimeoutMs: 2_147_000_000 };
    for (const [name, value] of Object.entries(accepted))
      expect(() => open({ [name]: value + 1 }), name).toThrow(new RegExp(`^${name}: `));
    const store = open({ ...accepted, agent: 'planner' });
    await store.registerSession({ sessionKey: 'work' });
    await store.requestHandoff({ sessionKey: 'work', requestType: 'full_handoff' });
    const { handoffs } = await store.listHandoffs({ direction: 'outbox' });
    expect(handoffs).toMatchObject([{ status: 'pending' }]);
  });
});

describe('the acting agent', () => {
  it('is the bound agent before the argument, the configured agent and the client', async () => {
    const store = createContextStore({ store: createMemoryStore() }, {});
    const owner = async (input: UseCaseInput<'registerSession'>, caller: RequestCaller): Promise<string> =>
      (await store.as(caller).registerSession(input)).session.owner;
    expect(await owner({}, { agent: 'bound', clientName: 'Client' })).toBe('bound');
    expect(await owner({ agent: 'bound' }, { agent: 'bound' })).toBe('bound');
    expect(await owner({ agent: 'said' }, { clientName: 'Client' })).toBe('said');
    expect(await owner({ agentFrom: 'said' }, {})).toBe('said');
    expect(await owner({}, { clientName: 'Claude Code (beta)' })).toBe('claude-code-beta');
    expect((await refusal(store.as({ agent: 'bound' }).registerSession({ agent: 'other' }))).code).toBe('FORBIDDEN');
    const unknown = await refusal(store.registerSession({}));
    expect(unknown).toMatchObject({ code: 'VALIDATION_ERROR', details: { issues: [{ path: 'agent' }] } });
    expect((await refusal(store.registerSession({ agent: 'a', agentFrom: 'b' }))).message).toContain('agentFrom');
    const client: RequestCaller = { clientName: 'Client' };
    expect((await open().as(client).registerSession({})).session.owner).toBe('planner');
  });

  it('cannot pass for a role', async () => {
    expect((await refusal(open().registerSession({ agent: 'role:reviewer' }))).message).toContain('agent');
  });

  it('stays in its namespace', async () => {
    const store = open();
    await store.as({ namespace: 'tenant-a' }).registerSession({ sessionKey: 'work' });
    expect((await store.as({ namespace: 'tenant-b' }).listSessions({})).sessions).toEqual([]);
    expect((await store.as({ namespace: 'tenant-a' }).listSessions({})).sessions).toHaveLength(1);
    expect(await store.as({ namespace: 'tenant-a' }).readSession('work')).toMatchObject({ namespace: 'tenant-a' });
    expect(await refusal(store.as({ namespace: 'tenant-a' }).readSession('absent'))).toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    expect(await refusal(store.readSession('not a key'))).toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(await store.as({ namespace: 'tenant-a' }).completeSessionKey('wo')).toEqual(['work']);
    expect(await store.as({ namespace: 'tenant-a' }).completeSessionKey('wo%')).toEqual([]);
  });
});

describe('registerSession', () => {
  it('makes up a valid key', async () => {
    const store = open();
    const { session } = await store.registerSession({});
    expect((await store.registerSession({ sessionKey: session.sessionKey, ifExists: 'resume' })).created).toBe(false);
  });

  it('returns the same made-up session for the same idempotency key', async () => {
    const store = open();
    const first = await store.registerSession({ idempotencyKey: 'k', metadata: { a: 1, b: 2 } });
    const again = await store.registerSession({ idempotencyKey: 'k', metadata: { b: 2, a: 1 } });
    expect(again).toEqual({ ...first, replayed: true });
    expect((await refusal(store.registerSession({ idempotencyKey: 'k' }))).code).toBe('IDEMPOTENCY_MISMATCH');
  });
});

describe('updateContext', () => {
  it('counts bytes, not characters, against the limit', async () => {
    const store = open({ maxContentBytes: 10 });
    await store.registerSession({ sessionKey: 'work' });
    expect(await store.updateContext(note('€€€1'))).toMatchObject({ sequence: 1, contentBytes: 10, epoch: 1 });
    const error = await refusal(store.updateContext(note('€€€€')));
    expect(error).toMatchObject({ code: 'CONTENT_TOO_LARGE', details: { contentBytes: 12, maxContentBytes: 10 } });
  });

  it.each([
    ['a NUL', 'a\0b'],
    ['a lone surrogate', 'a\ud800b'],
  ])('refuses %s, in content and in metadata', async (_what, text) => {
    const store = open();
    await store.registerSession({ sessionKey: 'work' });
    expect((await refusal(store.updateContext(note(text)))).message).toContain('content: ');
    for (const metadata of [{ a: [{ b: text }] }, { [text]: 1 }]) {
      expect((await refusal(store.updateContext(note('x', { metadata })))).message).toContain('metadata: ');
    }
  });

  it('refuses metadata that is not JSON, too deep or too large', async () => {
    const store = open();
    await store.registerSession({ sessionKey: 'work' });
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const metadata of [
      cycle,
      { at: new Date() },
      { n: Number.NaN },
      { f: () => 1 },
      { u: undefined },
      { big: 'x'.repeat(70_000) },
    ]) {
      expect((await refusal(store.updateContext(note('x', { metadata })))).message).toContain('metadata: ');
    }
  });

  it('refuses a metadata key that would get lost', async () => {
    const store = open();
    await store.registerSession({ sessionKey: 'work' });
    const metadata = JSON.parse('{"__proto__":{"a":1},"n":2}') as Record<string, unknown>;
    expect((await refusal(store.updateContext(note('x', { metadata })))).message).toContain(
      'metadata: has a key named',
    );
    const nested = JSON.parse('{"deep":{"__proto__":{"a":1}}}') as Record<string, unknown>;
    await store.updateContext(note('x', { metadata: nested }));
    const { entries } = await store.getContext({ sessionKey: 'work' });
    expect(JSON.stringify(entries[0]?.metadata)).toBe('{"deep":{"__proto__":{"a":1}}}');
  });

  it('takes a retry with a newer epoch for the same call', async () => {
    const store = open();
    await store.registerSession({ sessionKey: 'work' });
    const first = await store.updateContext(note('x', { idempotencyKey: 'k', epoch: 1 }));
    const { handoff } = await store.requestHandoff({
      sessionKey: 'work',
      targetAgent: 'planner',
      requestType: 'full_handoff',
    });
    await store.acceptHandoff({ handoffId: handoff.handoffId });
    expect(await store.updateContext(note('x', { idempotencyKey: 'k', epoch: 2 }))).toEqual({
      ...first,
      replayed: true,
    });
  });
});

describe('updateSession', () => {
  it('refuses a call that changes nothing', async () => {
    const error = await refusal(open().updateSession({ sessionKey: 'work' }));
    expect(error).toMatchObject({ code: 'VALIDATION_ERROR' });
    expect(error.message).toContain('status, title, project, metadata, ttlSeconds');
  });
});

describe('listHandoffs', () => {
  it('cuts large offers, and names the fields that it cut', async () => {
    const store = open();
    await store.registerSession({ sessionKey: 'work' });
    await store.requestHandoff({
      sessionKey: 'work',
      requestType: 'context_transfer',
      summary: 'long '.repeat(1000),
      requestData: { big: 'x'.repeat(5000) },
    });
    const { handoffs } = await store.listHandoffs({ agent: 'implementer' });
    expect(handoffs[0]).toMatchObject({ truncated: ['summary', 'requestData'] });
    expect(handoffs[0]).not.toHaveProperty('requestData');
    expect(JSON.stringify(handoffs).length).toBeLessThan(1000);
  });

  it('refuses the cursor of another agent', async () => {
    const store = open();
    const { cursor } = await store.listHandoffs({});
    expect((await store.listHandoffs({ cursor })).handoffs).toEqual([]);
    expect((await refusal(store.listHandoffs({ agent: 'other', cursor }))).message).toContain('cursor');
    expect((await refusal(store.listHandoffs({ cursor: 'bm9uc2Vuc2U' }))).message).toContain('cursor');
  });
});

describe('listSessions', () => {
  it('pages through all sessions by cursors, which other filters and namespaces refuse', async () => {
    const store = open();
    for (const sessionKey of ['a', 'b', 'c']) await store.registerSession({ sessionKey });
    const first = await store.listSessions({ limit: 2 });
    const second = await store.listSessions({ limit: 2, cursor: first.nextCursor });
    expect([...first.sessions, ...second.sessions].map(({ sessionKey }) => sessionKey)).toEqual(['c', 'b', 'a']);
    expect(second.nextCursor).toBeUndefined();
    const { nextCursor: cursor } = first;
    expect((await refusal(store.listSessions({ cursor, owner: 'planner' }))).code).toBe('VALIDATION_ERROR');
    expect((await refusal(store.as({ namespace: 'other' }).listSessions({ cursor }))).code).toBe('VALIDATION_ERROR');
    expect((await refusal(store.listHandoffs({ cursor }))).code).toBe('VALIDATION_ERROR');
  });
});
