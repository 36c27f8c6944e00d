import { escapeIdentifier, type Client } from 'pg';
import { olderSchema, type SchemaChange } from '../../schema-version.js';
import type { ClientOptions } from '../connection/client-options.js';
import { nameServer } from '../connection/database-url.js';
import { findSchema, type FoundSchema } from './find-schema.js';
import { longestTimerMs } from '../connection/longest-timer-ms.js';
import { migrations as allMigrations, type Migration } from './migrations/index.js';
import { requireSupportedServer } from './require-supported-server.js';
import { serverUnavailable, storeUnusable } from '../connection/translate-error.js';
import { lockWaitMs, withClient } from '../connection/with-client.js';

/** The advisory lock that serialises the migrations of all processes. No other code uses this number. */
const lockKey = 4_207_113_020_911;

export interface MigratePostgresOptions extends ClientOptions {
  /** The steps, for tests. Default: all steps of this release. */
  readonly migrations?: readonly Migration[] | undefined;
}

export interface PostgresSchemaChange extends SchemaChange {
  /** The schema (the namespace in the database) that the tables are in. */
  readonly schema: string;
}

/**
 * Brings a database to the schema of this release, in one transaction under a lock. Any number of processes may thus
 * start on an empty database at once. The first migrates, and the others find the schema up to date.
 *
 * @throws STORE_UNAVAILABLE for a schema of a newer release, a server that cannot be reached, or missing rights
 */
export function migratePostgres(url: string, options: MigratePostgresOptions = {}): Promise<PostgresSchemaChange> {
  const { migrations = allMigrations, transactionPooler = false } = options;
  const to = migrations.length;
  return withClient(url, options, async (client) => {
    await requireSupportedServer(client, { url, transactionPooler });
    // Most starts find the schema of this release, and need neither the lock nor its round trips.
    const before = await readSchema(client, url, options.schema);
    if (before.version === to) return { from: to, to, schema: before.schema };
    await client.query(`begin`);
    await client.query(transactionSettings);
    await client.query(`select pg_advisory_xact_lock(${lockKey})`);
    const { schema, version } = await readSchema(client, url, options.schema);
    await client.query(`set local search_path = ${escapeIdentifier(schema)}`);
    refuseNewerSchema(version, url, to);
    for (const migration of migrations.slice(version)) {
      await client.query(unlimited(migration.script));
      await recordMigration(client, migration);
    }
    await client.query(`commit`);
    return { from: version, to, schema };
  });
}

/**
 * Checks the schema, for processes that do not migrate.
 *
 * @throws STORE_UNAVAILABLE for any other schema than that of this release, or a server that cannot be reached
 */
export function requireSchema(url: string, options: ClientOptions): Promise<PostgresSchemaChange> {
  const { transactionPooler = false } = options;
  return withClient(url, options, async (client) => {
    await requireSupportedServer(client, { url, transactionPooler });
    const { schema, version } = await readSchema(client, url, options.schema);
    const known = allMigrations.length;
    refuseNewerSchema(version, url, known);
    if (version !== known) throw olderSchema(nameServer(url), version, known);
    return { from: known, to: known, schema };
  });
}

/** Overrides the user's settings. The timeouts keep a process that hangs from blocking the others forever. */
const transactionSettings = `
  set local statement_timeout = 0;
  set local lock_timeout = ${lockWaitMs};
  set local idle_in_transaction_session_timeout = ${lockWaitMs}`;

/** Returns where the tables are, or will be, and the version of their schema: 0 before the first migration. */
export async function readSchema(
  client: Client,
  url: string,
  asked: string | undefined,
): Promise<{ readonly schema: string; readonly version: number }> {
  const found = await findSchema(client, asked);
  const schema = requireSchemaName(found, url);
  return { schema, version: await readSchemaVersion(client, found, url) };
}

function requireSchemaName({ name }: FoundSchema, url: string): string {
  if (name !== undefined) return name;
  throw storeUnusable(
    url,
    'has no schema to create tables in. Name one (the option postgres.schema), or check the search_path of this user.',
  );
}

/**
 * Returns the version of the schema in the database. Returns 0 for an empty database.
 *
 * @throws STORE_UNAVAILABLE for a table of another tool
 */
async function readSchemaVersion(
  client: Client,
  { name = '', migrationsTable }: FoundSchema,
  url: string,
): Promise<number> {
  if (migrationsTable === 'missing') return 0;
  if (migrationsTable === 'foreign') {
    throw storeUnusable(
      url,
      'holds a table schema_migrations of another application. Use a database, or a schema (the option postgres.schema), of its own.',
    );
  }
  const newest = await client.query<{ version: number | null }>(
    `select max(version) as version from ${escapeIdentifier(name)}.schema_migrations`,
  );
  return newest.rows[0]?.version ?? 0;
}

function refuseNewerSchema(version: number, url: string, known: number): void {
  if (version <= known) return;
  throw serverUnavailable(
    url,
    `was migrated by a newer release (schema ${version}; this one knows ${known}). Upgrade context-store.`,
    { written: 'no', details: { schemaVersion: version, knownVersion: known }, retryable: false },
  );
}

/** How long a migration takes depends on the rows that it finds. pg knows this option; its types don't. */
const unlimited = (text: string): { text: string; query_timeout: number } => ({ text, query_timeout: longestTimerMs });

async function recordMigration(client: Client, { version, name }: Migration): Promise<void> {
  await client.query(`insert into schema_migrations values ($1, $2, clock_timestamp())`, [version, name]);
}
