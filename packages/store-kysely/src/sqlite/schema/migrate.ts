import { storeUnavailable } from '@org/domain';
import type { Placeholders } from '../../prepared-query.js';
import { olderSchema, type SchemaChange } from '../../schema-version.js';
import type { Connection } from '../connection/connection.js';
import { migrations } from './migrations/index.js';
import type { Migration } from './migrations/migration.js';
import { db } from '../connection/query-builder.js';

/**
 * Brings a file to the schema of this release, in one transaction under the write lock. Any number of processes may thus
 * open a new file at once. A file that is up to date is only read, without any lock.
 *
 * Kysely's Migrator is not used, because on SQLite it has neither the lock nor the transaction.
 *
 * @throws STORE_UNAVAILABLE for a schema of a newer release; a busy error before anything ran
 */
export function migrate(connection: Connection, path: string, nowMs: number): SchemaChange {
  const to = migrations.length;
  if (connection.readTransaction(() => readVersion(connection, path)) === to) return { from: to, to };
  return connection.writeTransaction(() => {
    // Read again: another process may have migrated while this one waited for the lock.
    const version = readVersion(connection, path);
    for (const migration of migrations.slice(version)) {
      connection.execute(migration.script);
      recordMigration(connection, migration, nowMs);
    }
    return { from: version, to };
  });
}

/**
 * Checks the schema, for processes that do not migrate.
 *
 * @throws STORE_UNAVAILABLE for any other schema than that of this release; a busy error
 */
export function requireSchema(connection: Connection, path: string): void {
  const version = connection.readTransaction(() => readVersion(connection, path));
  if (version < migrations.length) throw olderSchema(path, version, migrations.length);
}

/** Returns the version of the schema in the file. Returns 0 for an empty file. */
function readVersion(connection: Connection, path: string): number {
  const tables = connection
    .prepare(() => db.$extendTables<{ sqlite_schema: { name: string } }>().selectFrom('sqlite_schema').select('name'))
    .all({});
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === 'schema_migrations')) {
    throw storeUnavailable(`${path} belongs to another program. Name a file of its own.`, {
      written: 'no',
      retryable: false,
    });
  }
  const newest = connection.prepare(() =>
    db.selectFrom('schema_migrations').select('version').orderBy('version', 'desc').limit(1),
  );
  const version = newest.get({})?.version ?? 0;
  const known = migrations.length;
  if (version > known) {
    throw storeUnavailable(
      `${path} was written by a newer release (schema ${version}; this one knows ${known}). Upgrade context-store.`,
      { written: 'no', details: { schemaVersion: version, knownVersion: known }, retryable: false },
    );
  }
  return version;
}

function recordMigration(connection: Connection, { version, name }: Migration, nowMs: number): void {
  const record = connection.prepare((p: Placeholders<{ version: number; name: string; nowMs: number }>) =>
    db.insertInto('schema_migrations').values({ version: p.version, name: p.name, applied_at: p.nowMs }),
  );
  record.run({ version, name, nowMs });
}
