import { userInfo } from 'node:os';
import { Client } from 'pg';

/** A PostgreSQL server that was running before the test run. */
export interface RunningPostgres {
  readonly url: string;
  readonly version: string;
}

const oldestVersion = 13;
const connectTimeoutMs = 3000;

/**
 * Returns the server that DATABASE_TEST_URL names, or else the one on port 5432 of this machine. There, a superuser with
 * this user's name must be able to log in. Returns undefined if there is no such server.
 *
 * @throws if DATABASE_TEST_URL names a server that cannot be used
 */
export async function findRunningPostgres(): Promise<RunningPostgres | undefined> {
  const named = process.env['DATABASE_TEST_URL'];
  const url = named ?? `postgres://${encodeURIComponent(userInfo().username)}@127.0.0.1:5432/postgres`;
  const client = new Client({ connectionString: url, connectionTimeoutMillis: connectTimeoutMs });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string; usable: boolean }>(
      `select current_setting('server_version') as version, rolsuper and
         current_setting('server_version_num')::integer >= $1 as usable
       from pg_roles where rolname = current_user`,
      [oldestVersion * 10_000],
    );
    const [server] = rows;
    if (server?.usable === true) return { url, version: server.version };
    throw new Error(`tests need a superuser, on PostgreSQL ${oldestVersion} or newer`);
  } catch (error) {
    if (named === undefined) return undefined;
    throw new Error('The server that DATABASE_TEST_URL names cannot be used', { cause: error });
  } finally {
    await client.end();
  }
}
