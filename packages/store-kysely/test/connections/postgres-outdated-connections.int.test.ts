import type { Store } from '@org/domain';
import { createPostgresStore, type PostgresStoreOptions } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expectTrouble } from '../support/expect-trouble.js';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';
import { startSwitchingProxy, type SwitchingProxy } from './switching-proxy.js';

const poolSize = 8;

describe('pooled connections that all went bad at once', () => {
  let database: TemporaryDatabase;
  let proxy: SwitchingProxy;
  let store: Store;

  beforeEach(async () => {
    database = await temporaryDatabase();
    proxy = await startSwitchingProxy(database.url);
  });
  afterEach(async () => {
    await store.close();
    await proxy.close();
    await database.drop();
  });

  async function openWithIdleConnections(options: Partial<PostgresStoreOptions> = {}): Promise<void> {
    store = await createPostgresStore({ url: proxy.urlOf(database.url), poolSize, ...options });
    await store.createSession(createWork);
    await store.createHandoff(offerWork('offer'));
    await store.claimHandoff(repeatedClaim);
    // Each prepares its statements.
    for (let round = 0; round < 2; round += 1) {
      await Promise.all(Array.from({ length: poolSize }, () => store.readSession(work)));
      await Promise.all(Array.from({ length: poolSize }, () => store.claimHandoff(repeatedClaim)));
    }
  }

  const repeatedClaim = { ...work, agent: 'implementer', handoffId: 'offer', leaseMs: 60_000 };

  it('cost one wait when they are silent: reads are answered over a new one, and so is all that follows', async () => {
    await openWithIdleConnections({ statementTimeoutMs: 100 });
    const before = proxy.connections();
    proxy.silence();
    expect(await store.readSession(work)).toMatchObject({ owner: 'implementer' });
    for (let turn = 0; turn < poolSize; turn += 1) {
      expect(await store.appendEntry(appendWork('a', { agent: 'implementer' }))).toMatchObject({ sequence: turn + 1 });
    }
    expect(proxy.connections()).toBe(before + 1);
  });

  it('cost one write whose outcome is unknown when they are silent', async () => {
    await openWithIdleConnections({ statementTimeoutMs: 100 });
    proxy.silence();
    const append = () => store.appendEntry(appendWork('a', { agent: 'implementer' }));
    await expectTrouble(append(), /broke the connection.*may have been carried out/);
    for (let turn = 0; turn < poolSize; turn += 1) await append();
  });

  it('cost nothing when another process changed the types of the tables', async () => {
    await openWithIdleConnections();
    const before = proxy.connections();
    await database.query('alter table sessions alter column title type varchar(300)');
    expect(await store.readSession(work)).toMatchObject({ owner: 'implementer' });
    for (let turn = 0; turn < poolSize; turn += 1) {
      await Promise.all([store.readSession(work), store.claimHandoff(repeatedClaim)]);
    }
    expect(proxy.connections()).toBeLessThanOrEqual(before + 2);
  });

  it('cost nothing to a write when another process changed the types of the tables', async () => {
    await openWithIdleConnections();
    await database.query('alter table sessions alter column title type varchar(300)');
    for (let turn = 0; turn < poolSize; turn += 1)
      expect(await store.claimHandoff(repeatedClaim)).toMatchObject({ session: { owner: 'implementer' } });
  });
});
