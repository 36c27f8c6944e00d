import { startPostgresServer, type PostgresServer } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openContextStore, type ContextStore, type ContextStoreError } from '../../src/index.js';

let server: PostgresServer;
let store: ContextStore;
beforeEach(async () => {
  server = await startPostgresServer();
  store = await openContextStore({ database: server.url, postgres: { connectTimeoutMs: 1000 } });
});
afterEach(async () => {
  await store.close();
  await server.remove();
});

it('a worker outlives a crash of the database: what it does meanwhile is recorded once, when it is back', async () => {
  const planner = store.as({ agent: 'planner' });
  const stop = new AbortController();
  const codes = new Set<unknown>();
  const crashed = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const working = store
    .as({ agent: 'worker' })
    .work(
      { leaseSeconds: 120, signal: stop.signal, onError: (error) => codes.add((error as ContextStoreError).code) },
      async ({ session, append }) => {
        if (session.sessionKey === 'during') {
          begun.resolve();
          await crashed.promise;
        }
        await append({ contextType: 'message', content: session.sessionKey });
        return { did: session.sessionKey };
      },
    );
  const offer = async (sessionKey: string): Promise<string> => {
    await planner.registerSession({ sessionKey });
    return (await planner.requestHandoff({ sessionKey, requestType: 'full_handoff' })).handoff.handoffId;
  };
  const during = await offer('during');
  await begun.promise;
  await server.stop('immediate');
  crashed.resolve();
  await expect.poll(() => codes.size).toBeGreaterThan(0);
  await server.start();
  const later = await offer('later');
  for (const [handoffId, did] of [
    [during, 'during'],
    [later, 'later'],
  ] as const) {
    await expect
      .poll(async () => (await planner.listHandoffs({ handoffId })).handoffs)
      .toMatchObject([{ status: 'completed', result: { did } }]);
    const { entries } = await planner.getContext({ sessionKey: did });
    expect(entries).toMatchObject([{ content: did, agent: 'worker' }]);
  }
  stop.abort();
  await working;
  expect([...codes]).toEqual(['STORE_UNAVAILABLE']);
});
