import { ContextStoreError } from '@org/domain';
import { Client } from 'pg';
import { olderSchema, type SchemaChange } from '../schema-version.js';
import { nameServer, requireDatabaseUrl } from './database-url.js';
import { migrations as allMigrations, type Migration } from './migrations/index.js';
import { translateConnectError, translateError } from './translate-error.js';

/** Serialises migrations of a database, whoever makes them: any number that nothing else there locks. */
const lockKey = 4_207_113_020_911;
/** Longer than any migration should hold up others that start. */
const lockWaitMs = 60_000;
/** Many processes may start at once, and the server lets them in one after the other. */
const connectTimeoutMs = 10_000;

/**
 * Brings a database to the schema of this release. All in one transaction under a lock, so that any number of processes
 * may start on an empty database at once; the first migrates, and the others find it done.
 *
 * @throws STORE_UNAVAILABLE for a schema of a newer release, a server that cannot be reached, or missing rights
 */
export function migratePostgres(url: string, migrations: readonly Migration[] = allMigrations): Promise<SchemaChange> {
  return withClient(url, async (client) => {
    await client.query(`begin`);
    await client.query(`set local statement_timeout = 0; set local lock_timeout = ${lockWaitMs}`);
    await client.query(`select pg_advisory_xact_lock(${lockKey})`);
    const version = await readSchemaVersion(client);
    refuseNewerSchema(version, url, migrations.length);
    for (const migration of migrations.slice(version)) {
      await client.query(migration.script);
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
export function requireSchema(url: string): Promise<void> {
  return withClient(url, async (client) => {
    const version = await readSchemaVersion(client);
    const known = allMigrations.length;
    refuseNewerSchema(version, url, known);
    if (version === known) return;
    throw olderSchema(nameServer(url), version, known);
  });
}

async function withClient<Answer>(url: string, run: (client: Client) => Promise<Answer>): Promise<Answer> {
  const client = await connect(url);
  try {
    return await run(client);
  } catch (error) {
    throw translateError(error, url);
  } finally {
    // Whatever a failure left open is undone by the server.
    await client.end();
  }
}

async function connect(url: string): Promise<Client> {
  requireDatabaseUrl(url);
  try {
    const client = new Client({
      connectionString: url,
      connectionTimeoutMillis: connectTimeoutMs,
      fallback_application_name: 'context-store migrate',
    });
    // It is heard of by the statement that is under way.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  } catch (error) {
    throw translateConnectError(error, url);
  }
}

/** The version of the schema in the database; 0 for an empty one. */
async function readSchemaVersion(client: Client): Promise<number> {
  const tables = await client.query<{ found: boolean }>(`select to_regclass('schema_migrations') is not null as found`);
  if (tables.rows[0]?.found !== true) return 0;
  const newest = await client.query<{ version: number | null }>(
    `select max(version) as version from schema_migrations`,
  );
  return newest.rows[0]?.version ?? 0;
}

function refuseNewerSchema(version: number, url: string, known: number): void {
  if (version <= known) return;
  throw new ContextStoreError(
    'STORE_UNAVAILABLE',
    `${nameServer(url)} was migrated by a newer release (schema ${version}; this one knows ${known}). Upgrade context-store.`,
    { schemaVersion: version, knownVersion: known },
  );
}

async function recordMigration(client: Client, { version, name }: Migration): Promise<void> {
  await client.query(`insert into schema_migrations values ($1, $2, clock_timestamp())`, [version, name]);
}
