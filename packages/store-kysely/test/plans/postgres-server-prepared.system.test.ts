import { noTelemetry } from '@org/domain';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnectionPool, type ConnectionPool } from '../../src/postgres/connection/connection-pool.js';
import { createDatabase } from '../../src/postgres/statements/database.js';
import { defaultSettings } from '../../src/postgres/default-settings.js';
import { migratePostgres } from '../../src/postgres/schema/migrate.js';
import { prepareOperations } from '../../src/postgres/operations/operations.js';
import { runEveryStatement, type Operations } from './every-statement.js';
import { expectedPlans } from './expected-plans.js';
import { appendWork, createWork, work } from '../support/requests.js';

const rounds = 60;
const poolSize = 2;
const pooled = { size: poolSize, transactionPooler: false, telemetry: noTelemetry };

describe('the statements of a store', () => {
  let server: PostgresServer;
  let database: TemporaryDatabase;
  let pool: ConnectionPool;
  let operations: Operations;

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
    await migratePostgres(database.url);
    pool = createConnectionPool({ ...defaultSettings, ...pooled, url: database.url });
    operations = prepareOperations(createDatabase(pool, { schema: 'public', clockOffsetMs: () => 0 }), {
      flushes: 2,
      maxWaiting: 1000,
      telemetry: noTelemetry,
    });
    await operations.createSession(createWork);
  });
  afterAll(async () => {
    await pool.close();
    await server.remove();
  });

  it('are planned once for each connection, however often they run', { timeout: 60_000 }, async () => {
    for (let round = 1; round <= rounds; round += 1) {
      await runEveryStatement(operations, { ...work, owner: 'planner', name: `${round}` });
      // Batches of every length.
      await Promise.all(Array.from({ length: round }, (_, index) => operations.appendEntry(appendWork(`${index}`))));
      await Promise.all(Array.from({ length: round }, () => operations.readLogEnd(work)));
    }
    const statements = await database.query(
      'select calls::integer, plans::integer, query from pg_stat_statements where calls >= $1',
      [rounds],
    );
    expect(statements).toHaveLength(Object.keys(expectedPlans).length);
    expect(statements.filter(({ plans }) => Number(plans) > poolSize)).toEqual([]);
  });
});
