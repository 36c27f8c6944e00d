import { createPostgresStore, type PostgresStore } from '@org/store-kysely/postgres';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEveryStatement } from './every-statement.js';
import { expectedPlans } from './expected-plans.js';
import { appendWork, createWork, work } from './requests.js';

const rounds = 60;
const poolSize = 2;

describe('the statements of a store', () => {
  let server: PostgresServer;
  let database: TemporaryDatabase;
  let store: PostgresStore;

  beforeAll(async () => {
    server = await startPostgresServer({
      settings: {
        shared_preload_libraries: 'pg_stat_statements',
        'pg_stat_statements.track_planning': 'on',
        autovacuum: 'off',
      },
    });
    database = await temporaryDatabase(server.url);
    await database.query('create extension pg_stat_statements');
    store = await createPostgresStore({ url: database.url, poolSize });
    await store.createSession(createWork);
  });
  afterAll(async () => {
    await store.close();
    await server.remove();
  });

  it('are planned once for each connection, however often they run', async () => {
    for (let round = 1; round <= rounds; round += 1) {
      await runEveryStatement(store, { ...work, owner: 'planner', name: `${round}` });
      // Batches of every length.
      await Promise.all(Array.from({ length: round }, (_, index) => store.appendEntry(appendWork(`${index}`))));
    }
    const statements = await database.query(
      'select calls::integer, plans::integer, query from pg_stat_statements where calls >= $1',
      [rounds],
    );
    expect(statements).toHaveLength(Object.keys(expectedPlans).length);
    expect(statements.filter(({ plans }) => Number(plans) > poolSize)).toEqual([]);
  });
});
