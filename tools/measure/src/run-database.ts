import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { Client } from 'pg';
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
  readonly settings: () => Promise<Record<string, string>>;
}

/**
 * Creates an empty database that is named for this process, and defers its removal.
 *
 * @throws MissingService without a PostgreSQL server
 */
export async function createRunDatabase(resources: AsyncDisposableStack): Promise<RunDatabase> {
  const name = `context_store_run_${process.pid}_${randomBytes(6).toString('hex')}`;
  const server = await connect(serverUrl);
  resources.defer(() => server.end());
  await server.query(`create database ${name}`);
  resources.defer(async () => void (await server.query(`drop database ${name} with (force)`)));
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const client = await connect(url.href);
  resources.defer(() => client.end());
  const query: RunDatabase['query'] = async (text) => (await client.query<Record<string, unknown>>(text)).rows;
  return { url: url.href, name, query, settings: () => readSettings(query) };
}

async function connect(url: string): Promise<Client> {
  const host = URL.parse(url)?.host;
  if (host === undefined) {
    throw new MissingService('DATABASE_TEST_URL is no URL such as postgres://user@127.0.0.1:5432/postgres.');
  }
  const client = new Client({ connectionString: url });
  // Dropping the database terminates its connections.
  client.on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    const problem = `The PostgreSQL server at ${host} cannot be used (${(error as Error).message})`;
    throw new MissingService(`${problem}: start one, or name it in DATABASE_TEST_URL.`, { cause: error });
  });
  return client;
}

const settingNames = [
  'server_version',
  'synchronous_commit',
  'fsync',
  'wal_sync_method',
  'full_page_writes',
  'shared_buffers',
  'max_wal_size',
  'autovacuum',
  'data_directory',
];

/** Without settings that the user may not see. */
async function readSettings(query: RunDatabase['query']): Promise<Record<string, string>> {
  const names = settingNames.map((name) => `'${name}'`).join();
  const rows = await query(
    `select name, current_setting(name) as setting from pg_settings where name in (${names}) order by name`,
  );
  const settings = Object.fromEntries(rows.map(({ name, setting }) => [`PostgreSQL ${String(name)}`, String(setting)]));
  const storage = await storageOf(settings['PostgreSQL data_directory'] ?? '');
  return { ...settings, ...(storage !== undefined && { 'PostgreSQL storage': storage }) };
}
