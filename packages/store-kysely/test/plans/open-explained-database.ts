import { noTelemetry } from '@org/domain';
import { Client } from 'pg';
import { getTypeParser } from '../../src/postgres/connection/connection-pool.js';
import { migratePostgres } from '../../src/postgres/schema/migrate.js';
import { prepareOperations } from '../../src/postgres/operations/operations.js';
import type { Operations } from './every-statement.js';
import { explainingDatabase, type ExplainedRun } from './explain-statements.js';
import { startPostgresServer } from '@org/store-kysely/testing';

/** Opens a new database, and a store's operations on it that explain their statements. */
export interface ExplainedDatabase {
  readonly client: Client;
  readonly operations: Operations;
  /** The row numbers of offers that lists have found to be expired, and that are not stored as expired. */
  readonly expired: number[];
  /** The names of all statements of the store. */
  readonly prepared: ReadonlySet<string>;
  /** Returns the runs of all statements of the calls. */
  readonly explained: (call: (operations: Operations) => Promise<unknown>) => Promise<readonly ExplainedRun[]>;
  readonly close: () => Promise<void>;
}

/**
 * Starts a server for it. On a shared server, a long transaction in any other database would keep the rows that a test
 * has deleted, and each statement would read them.
 *
 * @param settings the settings of the connection
 */
export async function openExplainedDatabase(settings: Readonly<Record<string, string>>): Promise<ExplainedDatabase> {
  const server = await startPostgresServer({ settings: { autovacuum: 'off' } });
  await migratePostgres(server.url);
  const client = new Client({ connectionString: server.url, types: { getTypeParser } });
  await client.connect();
  for (const [name, value] of Object.entries(settings)) await client.query(`set ${name} = ${value}`);
  const { database, prepared, takeRuns } = explainingDatabase(client);
  const expired: number[] = [];
  const groupCommit = { flushes: 1, maxWaiting: 1000, telemetry: noTelemetry };
  const operations = prepareOperations(database, groupCommit, (found) => expired.push(...(found.expired ?? [])));
  return {
    client,
    operations,
    expired,
    prepared,
    explained: async (call) => {
      await call(operations);
      return takeRuns();
    },
    close: async () => {
      await client.end();
      await server.remove();
    },
  };
}
