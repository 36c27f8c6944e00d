import { setTimeout } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { appendWork, createWork } from '../support/requests.js';

describe('two stores on a PostgreSQL database, of which a session is locked', () => {
  let database: TemporaryDatabase;
  let stores: [Store, Store];
  /** Another user of the database, who holds locks. */
  let other: Client;

  beforeEach(async () => {
    database = await temporaryDatabase();
    const { url } = database;
    stores = [await createPostgresStore({ url }), await createPostgresStore({ url })];
    other = new Client({ connectionString: url });
    await other.connect();
    await stores[0].createSession(createWork);
  });
  afterEach(async () => {
    await other.end();
    await Promise.all(stores.map((store) => store.close()));
    await database.drop();
  });

  async function waitForWaiters(count: number): Promise<void> {
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    while ((await database.query(waiting)).length < count) await setTimeout(5);
  }

  it('answer an append whose first try was written while it waited', async () => {
    for (let round = 0; round < 5; round += 1) {
      const idempotency = { key: `late-${round}`, tool: 'updateContext', requestHash: 'hash' };
      const request = appendWork('note', { idempotency, expectedSequence: round });
      await other.query('begin');
      await other.query('select from sessions for update');
      const tries = Promise.all(stores.map((store) => store.appendEntry(request)));
      await waitForWaiters(2);
      await other.query('commit');
      const outcomes = await tries;
      expect(outcomes.map(({ sequence }) => sequence)).toEqual([round + 1, round + 1]);
      expect(outcomes.filter(({ replayed }) => replayed)).toHaveLength(1);
    }
  });

  it('keep no session waiting for another one that is locked', async () => {
    const [store] = stores;
    const keys = Array.from({ length: 20 }, (_, index) => `session-${index}`);
    await Promise.all(keys.map((sessionKey) => store.createSession({ ...createWork, sessionKey })));
    await other.query('begin');
    await other.query(`select from sessions where session_key = 'work' for update`);
    const locked = [store.appendEntry(appendWork('first')), store.appendEntry(appendWork('second'))];
    for (let round = 1; round <= 10; round += 1) {
      const free = await Promise.all(keys.map((sessionKey) => store.appendEntry(appendWork('note', { sessionKey }))));
      expect(free.map(({ sequence }) => sequence)).toEqual(keys.map(() => round));
    }
    await waitForWaiters(1);
    await other.query('commit');
    expect((await Promise.all(locked)).map(({ sequence }) => sequence)).toEqual([1, 2]);
  });
});
