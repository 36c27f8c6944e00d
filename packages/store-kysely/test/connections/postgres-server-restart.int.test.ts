import { setTimeout } from 'node:timers/promises';
import { ContextStoreError, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import { appendWork, createWork, readWork, upTo, work } from '../support/requests.js';

const appenders = 16;

describe('while PostgreSQL loses connections, a store', () => {
  let server: PostgresServer;
  let database: TemporaryDatabase;
  let stores: [Store, Store];
  /** The acknowledged entries, by sequence. */
  let acknowledged: Map<number, string>;
  let codes: Set<string>;
  let over: AbortController;

  beforeAll(async () => {
    server = await startPostgresServer();
  });
  afterAll(() => server.remove());
  beforeEach(async () => {
    database = await temporaryDatabase(server.url);
    const { url } = database;
    stores = [await createPostgresStore({ url }), await createPostgresStore({ url })];
    await stores[0].createSession(createWork);
    acknowledged = new Map();
    codes = new Set();
    over = new AbortController();
  });
  afterEach(() => Promise.all(stores.map((store) => store.close())));

  /** Appends until the test ends, and repeats failed appends until they are acknowledged. */
  async function appendOn(appender: number): Promise<void> {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      const content = `${appender}/${turn}`;
      const idempotency = { key: content, tool: 'updateContext', requestHash: content };
      const { sequence } = await untilServed((store) => store.appendEntry(appendWork(content, { idempotency })), turn);
      expect(acknowledged.get(sequence)).toBeUndefined();
      acknowledged.set(sequence, content);
    }
  }

  /** Reads are repeated as well; they never say that something may have been written. */
  async function readOn(): Promise<void> {
    for (let turn = 0; !over.signal.aborted; turn += 1) await untilServed((store) => store.readSession(work), turn);
  }

  async function untilServed<Answer>(call: (store: Store) => Promise<Answer>, turn: number): Promise<Answer> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await call(stores[(turn + tries) % 2] as Store);
      } catch (error) {
        if (!(error instanceof ContextStoreError) || !error.retryable) throw error;
        codes.add(error.code);
        await setTimeout(10);
      }
    }
  }

  async function underLoad(trouble: () => Promise<void>): Promise<void> {
    const load = [readOn(), ...Array.from({ length: appenders }, (_, appender) => appendOn(appender))];
    const calls = Promise.all(load);
    for (let time = 0; time < 2; time += 1) {
      await Promise.race([calls, untilMoreAre(100)]);
      await trouble();
    }
    await Promise.race([calls, untilMoreAre(100)]);
    over.abort();
    await calls;
  }

  async function untilMoreAre(count: number): Promise<void> {
    const enough = acknowledged.size + count;
    while (acknowledged.size < enough) await setTimeout(5);
  }

  async function expectEveryAppendOnce(): Promise<void> {
    const { entries, session } = await stores[0].readEntries(readWork());
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(session.lastSequence));
    // All appends were acknowledged in the end, so the log holds no other entries.
    expect(new Map(entries.map(({ sequence, content }) => [sequence, content]))).toEqual(acknowledgedInOrder());
  }

  const acknowledgedInOrder = (): Map<number, string> => new Map([...acknowledged].toSorted(([a], [b]) => a - b));

  it('survives a crash of the server', async () => {
    await underLoad(async () => {
      await server.stop('immediate');
      await server.start();
    });
    expect(codes).toContain('STORE_UNAVAILABLE');
    await expectEveryAppendOnce();
  });

  it('replaces connections that the server ends', async () => {
    await underLoad(async () => {
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
    });
    expect([...codes]).toEqual(['STORE_UNAVAILABLE']);
    await expectEveryAppendOnce();
  });
});
