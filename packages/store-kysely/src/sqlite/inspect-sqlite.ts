import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { DatabaseSync } from 'node:sqlite';
import { storeUnavailable } from '@org/domain';
import { translateError } from './connection/translate-error.js';
import { migrations } from './schema/migrations/index.js';

/** What a file holds. */
export interface SqliteInspection {
  /** The version of its schema. 0: it has no tables yet. Undefined: it belongs to another program. */
  readonly schemaVersion: number | undefined;
  /** The version that this release needs. */
  readonly knownVersion: number;
  /** The damage that was found. Empty if there is none, or it was not looked for. */
  readonly damage: readonly string[];
}

export interface InspectSqliteOptions {
  /** Whether to look for damage, which reads the whole file. Default: no. */
  readonly deep?: boolean | undefined;
}

/**
 * Looks into a file while other processes may use it. Changes nothing and creates no file.
 *
 * @throws STORE_UNAVAILABLE if it cannot be read, or entries are in a log that only a start can read in
 */
export async function inspectSqlite(
  path: string,
  { deep = false }: InspectSqliteOptions = {},
): Promise<SqliteInspection> {
  const { DatabaseSync: Sqlite } = await import('node:sqlite');
  try {
    const database = new Sqlite(urlOf(path), { readOnly: true });
    try {
      return {
        schemaVersion: readVersion(database),
        knownVersion: migrations.length,
        damage: deep ? check(database) : [],
      };
    } finally {
      database.close();
    }
  } catch (error) {
    throw translateError(withName(error), path);
  }
}

/**
 * A plain read-only connection creates the log of a file that has none. SQLite does not do that for a file that cannot
 * change, and one without a log is not in use. better-sqlite3 takes no URL, which says so.
 */
function urlOf(path: string): URL {
  const url = pathToFileURL(path);
  if (!holds(`${path}-wal`)) url.search = 'immutable=1';
  else if (!holds(`${path}-shm`))
    throw storeUnavailable(
      `${path}-wal is left of a process that crashed, or was copied with the file. The next start reads it in; then look again.`,
      { written: 'no', retryable: false },
    );
  return url;
}

const holds = (path: string): boolean => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;

function readVersion(database: DatabaseSync): number | undefined {
  const tables = database.prepare('select name from sqlite_schema').all();
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === 'schema_migrations')) return undefined;
  return Number(database.prepare('select max(version) as version from schema_migrations').get()?.['version'] ?? 0);
}

function check(database: DatabaseSync): string[] {
  const lines = database.prepare('pragma quick_check(10)').all();
  return lines.map(({ quick_check: line }) => String(line)).filter((line) => line !== 'ok');
}

/** SQLite's primary result codes by their numbers, for those that a message is made of. */
const names: Readonly<Record<number, string>> = {
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  14: 'SQLITE_CANTOPEN',
  26: 'SQLITE_NOTADB',
};

/** Node's errors have numbers, where those of better-sqlite3 have names. */
function withName(error: unknown): unknown {
  const { errcode } = error as { readonly errcode?: number };
  if (!(error instanceof Error) || errcode === undefined) return error;
  return Object.assign(error, { code: names[errcode & 0xff] });
}
