import { userInfo } from 'node:os';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { storageOf } from './machine.js';
import { MissingService } from './run-command.js';

/** Any database of a server on which the user may create others. */
const serverUrl: string =
  process.env['DATABASE_TEST_URL'] ?? `postgres://${encodeURIComponent(userInfo().username)}@127.0.0.1:5432/postgres`;

export interface RunDatabase {
  readonly url: string;
  readonly name: string;
  readonly query: (text: string) => Promise<Record<string, unknown>[]>;
  /** What decides how fast the server writes, for a report. */
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Creates an empty database, and defers its removal.
 *
 * @throws MissingService without a PostgreSQL server
 */
export async function createRunDatabase(resources: AsyncDisposableStack): Promise<RunDatabase> {
  const { url, query, drop } = await temporaryDatabase(serverUrl).catch((error: unknown) => {
    const problem = `The PostgreSQL server at ${URL.parse(serverUrl)?.host} cannot be used (${(error as Error).message})`;
    throw new MissingService(`${problem}: start one, or name it in DATABASE_TEST_URL.`, { cause: error });
  });
  resources.defer(drop);
  return { url, name: new URL(url).pathname.slice(1), query, settings: await readSettings(query) };
}

/** Without settings that the user may not see. */
async function readSettings(query: RunDatabase['query']): Promise<Record<string, string>> {
  const rows = await query(
    `select name, current_setting(name) as setting from pg_settings where name in (
       'server_version', 'synchronous_commit', 'fsync', 'wal_sync_method', 'full_page_writes', 'shared_buffers',
       'max_wal_size', 'autovacuum', 'data_directory'
     ) order by name`,
  );
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [`PostgreSQL ${String(name)}`, String(setting)]));
  const storage = await storageOf(settings['PostgreSQL data_directory'] ?? '');
  return { ...settings, ...(storage !== undefined && { 'PostgreSQL storage': storage }) };
}
