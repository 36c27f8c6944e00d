import type { Client } from 'pg';
import { storeUnusable } from './translate-error.js';

/** Of which the store's promises depend. */
interface ServerSettings {
  readonly version: number;
  readonly encoding: string;
  readonly synchronous_commit: string;
  readonly isolation: string;
}

const oldestVersion = 13;

/**
 * Refuses a server that cannot keep the store's promises, before anything is written to it.
 *
 * @throws STORE_UNAVAILABLE, with what to change
 */
export async function requireFittingServer(client: Client, url: string): Promise<void> {
  const { rows } = await client.query<ServerSettings>(
    `select current_setting('server_version_num')::integer / 10000 as version,
       current_setting('server_encoding') as encoding,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('transaction_isolation') as isolation`,
  );
  const [settings] = rows;
  const problem = settings && problemOf(settings);
  if (problem !== undefined) throw storeUnusable(url, problem);
}

/** Any text must come back as it was, what is acknowledged must last, and statements must see the row that they waited for. */
function problemOf(settings: ServerSettings): string | undefined {
  const { version, encoding, synchronous_commit: synchronousCommit, isolation } = settings;
  if (version < oldestVersion)
    return `is of version ${version}, which is too old. Use PostgreSQL ${oldestVersion} or newer.`;
  if (encoding !== 'UTF8')
    return `keeps text as ${encoding}, which cannot hold all of it. Use a database that was created with encoding 'UTF8'.`;
  if (synchronousCommit === 'off')
    return `has synchronous_commit switched off, and could lose what it has acknowledged. Switch it on for this user or database: alter role … set synchronous_commit = on.`;
  // A store asks for it, but cannot through a pooler. Batches of appends would fail one another all the time.
  if (isolation !== 'read committed')
    return `has ${isolation} as its default_transaction_isolation, which a pooler cannot change. Set it to 'read committed' for this user or database: alter role … set default_transaction_isolation = 'read committed'.`;
  return undefined;
}
