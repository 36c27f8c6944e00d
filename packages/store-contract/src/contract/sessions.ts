import { sessionStatus } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, type StoreScenario } from '../store-scenario.js';

export function describeSessions(test: ScenarioTest): void {
  describe('sessions', () => {
    test('keep every field', async (s) => {
      const metadata = { goal: 'ship – 出荷 🚀', nested: { list: [1, 2.5, null, true, ''], empty: {} } };
      const { session, created } = await s.createSession({ title: 'Ship it 🚀', metadata, ttlMs: dayMs });
      expect(created).toBe(true);
      expect(session).toMatchObject({
        namespace: s.namespace,
        sessionKey: 'work',
        state: 'active',
        owner: 'planner',
        participants: [],
        epoch: 1,
        version: 1,
        lastSequence: 0,
        title: 'Ship it 🚀',
        metadata,
        ttlMs: dayMs,
      });
      expect(session.uid).toMatch(/\S{16,}/);
      expect(session.createdAtMs).toBe(session.lastActivityAtMs);
      expect(withoutTime(await s.readSession())).toEqual(withoutTime(session));
    });

    test('need no title, metadata or TTL', async (s) => {
      const { session } = await s.createSession();
      expect(session.title).toBeUndefined();
      expect(session.metadata).toEqual({});
      expect(session.ttlMs).toBeUndefined();
    });

    test('refuse a key that is taken, or resume it unchanged if asked to', async (s) => {
      const first = await s.createSession({ title: 'first' });
      await expectRefusal(s.createSession({ agent: 'other' }), 'SESSION_EXISTS');
      const resumed = await s.createSession({ agent: 'other', title: 'second', ifExists: 'resume' });
      expect(resumed.created).toBe(false);
      expect(withoutTime(resumed.session)).toEqual(withoutTime(first.session));
    });

    test('are created once, however many calls race for the key', async (s) => {
      const races = await Promise.all(Array.from({ length: 16 }, () => s.createSession({ ifExists: 'resume' })));
      expect(races.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(races.map(({ session }) => session.uid)).size).toBe(1);
    });

    test('are not found if they were never created', async (s) => {
      await expectRefusal(s.readSession(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.updateSession({ title: 'x' }), 'SESSION_NOT_FOUND');
      await expectRefusal(s.append(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readEntries(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readTail(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.readLogEnd(), 'SESSION_NOT_FOUND');
      await expectRefusal(s.createHandoff(), 'SESSION_NOT_FOUND');
      await expectRefusal(
        s.store.readBriefing({
          namespace: s.namespace,
          sessionKey: 'work',
          pinnedLimit: 1,
          newestLimit: 1,
          maxContentLength: 1,
        }),
        'SESSION_NOT_FOUND',
      );
    });

    test('become dormant and expire as time passes since the last activity', async (s) => {
      await s.createSession({ ttlMs: 3 * dayMs });
      const status = async (): Promise<string> => sessionStatus(await s.readSession(), dayMs);
      expect(await status()).toBe('active');
      await s.advance(2 * dayMs);
      expect(await status()).toBe('dormant');
      await s.append();
      expect(await status()).toBe('active');
      await s.advance(2 * dayMs);
      expect(await status()).toBe('dormant');
      await s.advance(dayMs);
      expect(await status()).toBe('expired');
    });

    test('refuse everything but an extension once expired, and keep their data', async (s) => {
      await s.createSession({ ttlMs: dayMs });
      await s.append({ content: 'kept' });
      const offer = await s.offer();
      await s.advance(dayMs);
      await expectRefusal(s.append(), 'SESSION_EXPIRED');
      await expectRefusal(s.createHandoff(), 'SESSION_EXPIRED');
      await expectRefusal(s.claim(offer), 'SESSION_EXPIRED');
      await expectRefusal(s.createSession({ ifExists: 'resume' }), 'SESSION_EXPIRED');
      await expectRefusal(s.updateSession({ title: 'a title is no extension' }), 'SESSION_EXPIRED');
      await s.updateSession({ ttlMs: 2 * dayMs });
      expect((await s.append()).sequence).toBe(2);
      expect((await s.readEntries()).entries[0]?.content).toBe('kept');
    });

    describeUpdates(test);
    describeSessionLists(test);
  });
}

function describeUpdates(test: ScenarioTest): void {
  test('change only the given fields, and increase their version', async (s) => {
    await s.createSession({ title: 'before', metadata: { a: 1 } });
    await s.advance(1000);
    const { session } = await s.updateSession({ title: 'after' });
    expect(session).toMatchObject({ title: 'after', metadata: { a: 1 }, version: 2, epoch: 1, state: 'active' });
    expect(session.updatedAtMs).toBeGreaterThan(session.createdAtMs);
    expect(session.lastActivityAtMs).toBe(session.updatedAtMs);
    const replaced = await s.updateSession({ metadata: { b: {} } });
    expect(replaced.session).toMatchObject({ title: 'after', metadata: { b: {} }, version: 3 });
    expect(replaced.session.metadata).toEqual({ b: {} });
  });

  test('keep their version while entries are appended', async (s) => {
    await s.createSession();
    await s.append();
    expect(await s.readSession()).toMatchObject({ version: 1, lastSequence: 1 });
  });

  test('refuse a change from an old version', async (s) => {
    await s.createSession();
    await s.updateSession({ title: 'x', expectedVersion: 1 });
    await expectRefusal(s.updateSession({ title: 'y', expectedVersion: 1 }), 'VERSION_CONFLICT');
    expect((await s.readSession()).title).toBe('x');
  });

  test('take one of two changes from the same version', async (s) => {
    await s.createSession();
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) => s.updateSession({ title: `t${index}`, expectedVersion: 1 })),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await s.readSession()).version).toBe(2);
  });

  test('close, and open again', async (s) => {
    await s.createSession();
    const offer = await s.offer();
    await s.updateSession({ state: 'completed' });
    await expectRefusal(s.append(), 'SESSION_NOT_ACTIVE');
    await expectRefusal(s.createHandoff(), 'SESSION_NOT_ACTIVE');
    await expectRefusal(s.claim(offer), 'SESSION_NOT_ACTIVE');
    await s.updateSession({ state: 'archived' });
    await expectRefusal(s.updateSession({ state: 'completed' }), 'SESSION_NOT_ACTIVE');
    await s.updateSession({ state: 'active' });
    expect((await s.append()).sequence).toBe(1);
  });

  test('are changed only by their owner', async (s) => {
    await s.createSession();
    await expectRefusal(s.updateSession({ agent: 'outsider', title: 'mine' }), 'NOT_A_PARTICIPANT');
    await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
    await expectRefusal(s.updateSession({ agent: 'helper', state: 'completed' }), 'FORBIDDEN');
    await s.handOver();
    await expectRefusal(s.updateSession({ agent: 'planner', state: 'completed' }), 'OWNERSHIP_LOST');
    await expectRefusal(s.updateSession({ agent: 'implementer', state: 'completed', epoch: 1 }), 'OWNERSHIP_LOST');
    await s.updateSession({ agent: 'implementer', state: 'completed', epoch: 2 });
  });
}

function describeSessionLists(test: ScenarioTest): void {
  test('are listed newest first, each once, page by page', async (s) => {
    const keys = Array.from({ length: 7 }, (_, index) => `s${index}`);
    for (const sessionKey of keys) await s.createSession({ sessionKey });
    expect(await listedKeys(s, { limit: 3 })).toEqual(keys.toReversed());
  });

  test('are listed in the same order while others are created', async (s) => {
    for (const sessionKey of ['a', 'b', 'c', 'd']) await s.createSession({ sessionKey });
    const first = await s.store.listSessions({ namespace: s.namespace, limit: 2, dormantAfterMs: dayMs });
    await s.createSession({ sessionKey: 'e' });
    const second = await s.store.listSessions({
      namespace: s.namespace,
      limit: 2,
      dormantAfterMs: dayMs,
      before: first.next,
    });
    expect([...first.sessions, ...second.sessions].map(({ sessionKey }) => sessionKey)).toEqual(['d', 'c', 'b', 'a']);
  });

  test('are listed by owner and by computed status', async (s) => {
    await s.createSession({ sessionKey: 'old', ttlMs: 3 * dayMs });
    await s.createSession({ sessionKey: 'quiet' });
    await s.advance(3 * dayMs);
    await s.createSession({ sessionKey: 'done', agent: 'reviewer' });
    await s.updateSession({ sessionKey: 'done', agent: 'reviewer', state: 'completed' });
    await s.createSession({ sessionKey: 'new' });
    expect(await listedKeys(s, { status: 'expired' })).toEqual(['old']);
    expect(await listedKeys(s, { status: 'dormant' })).toEqual(['quiet']);
    expect(await listedKeys(s, { status: 'completed' })).toEqual(['done']);
    expect(await listedKeys(s, { status: 'active' })).toEqual(['new']);
    expect(await listedKeys(s, { owner: 'reviewer' })).toEqual(['done']);
    expect(await listedKeys(s, { owner: 'planner', status: 'active' })).toEqual(['new']);
  });

  test('complete their keys by prefix, literally', async (s) => {
    for (const sessionKey of ['api-1', 'api-2', 'apx', 'API-3', 'a_i', 'b']) await s.createSession({ sessionKey });
    const keys = (prefix: string, limit = 10): Promise<readonly string[]> =>
      s.store.listSessionKeys({ namespace: s.namespace, prefix, limit });
    expect(await keys('api')).toEqual(['api-1', 'api-2']);
    expect(await keys('a_')).toEqual(['a_i']);
    expect(await keys('')).toEqual(['API-3', 'a_i', 'api-1', 'api-2', 'apx', 'b']);
    expect(await keys('', 2)).toEqual(['API-3', 'a_i']);
    expect(await keys('zzz')).toEqual([]);
  });

  test('are resumed with the first answer for one idempotency key, whatever their later state', async (s) => {
    await s.createSession({ title: 'at first' });
    const resume = { ifExists: 'resume', agent: 'other', idempotency: once('k') } as const;
    const first = await s.createSession(resume);
    expect(first).toMatchObject({ created: false, replayed: false });
    await s.updateSession({ title: 'changed since' });
    expect(await s.createSession(resume)).toEqual({ ...first, replayed: true });
    await expectRefusal(s.createSession({ ...resume, idempotency: once('k', 'other input') }), 'IDEMPOTENCY_MISMATCH');
  });

  test('are created once for one idempotency key, whatever their later state', async (s) => {
    const first = await s.createSession({ idempotency: once('k') });
    await s.updateSession({ title: 'changed since' });
    const again = await s.createSession({ idempotency: once('k') });
    expect(again).toMatchObject({ created: true, replayed: true });
    expect(again.session).toEqual(first.session);
    expect(first.replayed).toBe(false);
    await expectRefusal(s.createSession({ idempotency: once('k', 'other input') }), 'IDEMPOTENCY_MISMATCH');
    await expectRefusal(s.createSession({ idempotency: once('another') }), 'SESSION_EXISTS');
  });

  test('are resumed once for one idempotency key', async (s) => {
    await s.createSession();
    const first = await s.createSession({ ifExists: 'resume', idempotency: once('k') });
    await s.updateSession({ title: 'changed since' });
    const again = await s.createSession({ ifExists: 'resume', idempotency: once('k') });
    expect(again).toMatchObject({ created: false, replayed: true });
    expect(again.session).toEqual(first.session);
    expect(first.replayed).toBe(false);
    await expectRefusal(
      s.createSession({ ifExists: 'resume', idempotency: once('k', 'other input') }),
      'IDEMPOTENCY_MISMATCH',
    );
  });
}

async function listedKeys(
  s: StoreScenario,
  filter: Partial<Parameters<StoreScenario['store']['listSessions']>[0]>,
): Promise<string[]> {
  const keys: string[] = [];
  let before: number | undefined;
  do {
    const page = await s.store.listSessions({
      namespace: s.namespace,
      limit: 2,
      dormantAfterMs: dayMs,
      before,
      ...filter,
    });
    keys.push(...page.sessions.map(({ sessionKey }) => sessionKey));
    before = page.next;
  } while (before !== undefined);
  return keys;
}

function withoutTime<T extends { observedAtMs: number }>({
  observedAtMs: _observedAtMs,
  ...record
}: T): Omit<T, 'observedAtMs'> {
  return record;
}
