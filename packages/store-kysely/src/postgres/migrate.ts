import { ContextStoreError } from '@org/domain';
import type { Client } from 'pg';
import { olderSchema, type SchemaChange } from '../schema-version.js';
import type { ClientOptions } from './client-options.js';
import { nameServer } from './database-url.js';
import { longestTimerMs } from './longest-timer-ms.js';
import { migrations as allMigrations, type Migration } from './migrations/index.js';
import { requireFittingServer } from './require-fitting-server.js';
import { storeUnusable } from './translate-error.js';
import { lockWaitMs, withClient } from './with-client.js';

/** Serialises migrations of a database, whoever makes them: any number that nothing else there locks. */
const lockKey = 4_207_113_020_911;

export interface MigratePostgresOptions extends ClientOptions {
  /** The steps. Default: all those of this release. For tests. */
  readonly migrations?: readonly Migration[] | undefined;
}

/**
 * Brings a database to the schema of this release. All in one transaction under a lock, so that any number of processes
 * may start on an empty database at once; the first migrates, and the others find it done.
 *
 * @throws STORE_UNAVAILABLE for a schema of a newer release, a server that cannot be reached, or missing rights
 */
export function migratePostgres(url: string, options: MigratePostgresOptions = {}): Promise<SchemaChange> {
  const { migrations = allMigrations } = options;
  return withClient(url, options, async (client) => {
    await requireFittingServer(client, url);
    await client.query(`begin`);
    await client.query(transactionSettings);
    await client.query(`select pg_advisory_xact_lock(${lockKey})`);
    const version = await readSchemaVersion(client, url);
    refuseNewerSchema(version, url, migrations.length);
    for (const migration of migrations.slice(version)) {
      await client.query(unlimited(migration.script));
      await recordMigration(client, migration);
    }
    await client.query(`commit`);
    return { from: version, to: migrations.length };
  });
}

/**
 * For processes that leave migrating to others.
 *
 * @throws STORE_UNAVAILABLE for any other schema than that of this release, or a server that cannot be reached
 */
export function requireSchema(url: string, options: MigratePostgresOptions): Promise<void> {
  return withClient(url, options, async (client) => {
    await requireFittingServer(client, url);
    const version = await readSchemaVersion(client, url);
    const known = allMigrations.length;
    refuseNewerSchema(version, url, known);
    if (version === known) return;
    throw olderSchema(nameServer(url), version, known);
  });
}

/** Whatever the user's own settings are. One that stands still in the middle must not hold up all others for good. */
const transactionSettings = `
  set local statement_timeout = 0;
  set local lock_timeout = ${lockWaitMs};
  set local idle_in_transaction_session_timeout = ${lockWaitMs}`;

/**
 * The version of the schema in the database; 0 for an empty one. Other tools keep a table of this name too.
 *
 * @throws STORE_UNAVAILABLE for a table of another tool
 */
async function readSchemaVersion(client: Client, url: string): Promise<number> {
  const { rows } = await client.query<{ column: string }>(
    `select attname || ' ' || atttypid::regtype as column from pg_attribute
     where attrelid = to_regclass('schema_migrations') and attnum > 0 and not attisdropped order by attnum`,
  );
  if (rows.length === 0) return 0;
  if (rows.map(({ column }) => column).join() !== versionColumns) {
    throw storeUnusable(
      url,
      'holds a table schema_migrations of another application. Use a database, or a schema, of its own.',
    );
  }
  const newest = await client.query<{ version: number | null }>(
    `select max(version) as version from schema_migrations`,
  );
  return newest.rows[0]?.version ?? 0;
}

const versionColumns = 'version integer,name text,applied_at timestamp with time zone';

function refuseNewerSchema(version: number, url: string, known: number): void {
  if (version <= known) return;
  throw new ContextStoreError(
    'STORE_UNAVAILABLE',
    `${nameServer(url)} was migrated by a newer release (schema ${version}; this one knows ${known}). Upgrade context-store.`,
    { schemaVersion: version, knownVersion: known },
    { retryable: false },
  );
}

/** How long a migration takes depends on the rows that it finds. pg knows this option; its types don't. */
const unlimited = (text: string): { text: string; query_timeout: number } => ({ text, query_timeout: longestTimerMs });

async function recordMigration(client: Client, { version, name }: Migration): Promise<void> {
  await client.query(`insert into schema_migrations values ($1, $2, clock_timestamp())`, [version, name]);
}
