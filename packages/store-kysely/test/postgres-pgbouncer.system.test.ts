import type { Store } from '@org/domain';
import { describeStoreContract } from '@org/domain/testing';
import { createPostgresStore, identifyDatabase } from '@org/store-kysely/postgres';
import { startPgbouncer, temporaryDatabase, type Pgbouncer } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectTrouble } from './expect-trouble.js';
import { takingTurns } from './fork-store.js';

/** Gives each transaction any one of two connections. */
let pooler: Pgbouncer;
const backendsOfStrangers: ReadonlySet<unknown>[] = [];
beforeAll(async () => {
  pooler = await startPgbouncer(process.env['DATABASE_TEST_URL'] ?? '', 2);
});
afterAll(() => pooler.stop());

describeStoreContract('PostgreSQL behind PgBouncer', async () => {
  const database = await temporaryDatabase();
  const url = pooler.urlOf(database.url);
  let skewMs = 0;
  const open = (): Promise<Store> => createPostgresStore({ url, transactionPooler: true, clockOffsetMs: () => skewMs });
  const store = takingTurns([await open(), await open()]);
  const stranger = await startStranger(url);
  return {
    store,
    advance: (ms) => {
      skewMs += ms;
    },
    close: async () => {
      await store.close();
      backendsOfStrangers.push(await stranger.stop());
      await database.drop();
    },
  };
});

it('changed connections between the transactions of a client', () => {
  expect(Math.max(...backendsOfStrangers.map(({ size }) => size))).toBe(2);
});

it('is told to name no statements and to ask for no settings', async () => {
  const database = await temporaryDatabase();
  await expectTrouble(createPostgresStore({ url: pooler.urlOf(database.url) }), /pooler.*switch transactionPooler on/);
  await database.drop();
});

it('does not hide what the database is', async () => {
  const database = await temporaryDatabase();
  const identity = await identifyDatabase(database.url);
  expect(await identifyDatabase(pooler.urlOf(database.url), { transactionPooler: true })).toBe(identity);
  expect(identity).toBeDefined();
  await database.drop();
});

/** Another client of the pooler: the store's statements find its connections in between. Tells which those were. */
async function startStranger(url: string): Promise<{ stop: () => Promise<ReadonlySet<unknown>> }> {
  const client = new Client(url);
  await client.connect();
  const backends = new Set<unknown>();
  const stopping = new AbortController();
  async function interleave(): Promise<void> {
    while (!stopping.signal.aborted) {
      await client.query('begin');
      const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
      backends.add(rows[0]?.pid);
      await client.query('commit');
    }
  }
  const interleaving = interleave();
  return {
    stop: async () => {
      stopping.abort();
      await interleaving;
      await client.end();
      return backends;
    },
  };
}
