import type { Client } from 'pg';
import { planSettings } from '../connection/plan-settings.js';
import { storeUnusable } from '../connection/translate-error.js';

/** The settings that the store's guarantees depend on. */
interface ServerSettings {
  readonly version: number;
  readonly encoding: string;
  readonly fsync: string;
  readonly full_page_writes: string;
  readonly allow_unsafe_settings: string | null;
  readonly isolation: string;
  readonly array_nulls: string;
  readonly plan_cache_mode: string;
}

export interface SupportedServerOptions {
  readonly url: string;
  /** Whether a pooler stands between, so that the connection could ask for no settings. */
  readonly transactionPooler: boolean;
}

const oldestVersion = 13;

/**
 * Refuses a server that cannot keep the store's guarantees, before anything is written to it.
 *
 * @throws STORE_UNAVAILABLE, with what to change
 */
export async function requireSupportedServer(client: Client, options: SupportedServerOptions): Promise<void> {
  const { rows } = await client.query<ServerSettings>(
    `select current_setting('server_version_num')::integer / 10000 as version,
       current_setting('server_encoding') as encoding,
       current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('context_store.allow_unsafe_settings', true) as allow_unsafe_settings,
       current_setting('transaction_isolation') as isolation,
       current_setting('array_nulls') as array_nulls,
       current_setting('plan_cache_mode') as plan_cache_mode`,
  );
  const [settings] = rows;
  const problem = settings && (problemOf(settings) ?? unaskedProblemOf(settings, options.transactionPooler));
  if (problem !== undefined) throw storeUnusable(options.url, problem);
}

/** Texts must be stored unchanged, and acknowledged writes must be durable. */
function problemOf(settings: ServerSettings): string | undefined {
  const { version, encoding } = settings;
  if (version < oldestVersion)
    return `is of version ${version}, which is too old. Use PostgreSQL ${oldestVersion} or newer.`;
  if (encoding !== 'UTF8')
    return `keeps text as ${encoding}, which cannot hold all of it. Use a database that was created with encoding 'UTF8'.`;
  if (settings.allow_unsafe_settings === 'on') return undefined;
  if (settings.fsync === 'off')
    return `has fsync switched off: when its machine crashes, it loses what it has acknowledged, or all of it. Switch it on. ${unsafeAdvice}`;
  if (settings.full_page_writes === 'off')
    return `has full_page_writes switched off: when its machine crashes, pages may be damaged. Switch it on. ${unsafeAdvice}`;
  return undefined;
}

/** `synchronous_commit` is not checked: statements that write set it. */
const unsafeAdvice =
  'Where that cannot happen or does not matter (a server for tests), set context_store.allow_unsafe_settings = on there.';

/** Settings that a connection asks for, and that a pooler may not pass to the server. */
function unaskedProblemOf(settings: ServerSettings, transactionPooler: boolean): string | undefined {
  const { isolation, array_nulls: arrayNulls, plan_cache_mode: planCacheMode } = settings;
  if (!transactionPooler) {
    return planCacheMode === planSettings['plan_cache_mode']
      ? undefined
      : 'did not take the settings of this connection: a pooler stands between, it seems. Set the option postgres.transactionPooler to true.';
  }
  // Batches of appends would fail one another all the time.
  if (isolation !== 'read committed')
    return `has ${isolation} as its default_transaction_isolation, which a pooler cannot change. Set it to 'read committed' for this user or database: alter role … set default_transaction_isolation = 'read committed'.`;
  if (arrayNulls !== 'on')
    return `has array_nulls switched off, which a pooler cannot change. Switch it on for this user or database: alter role … set array_nulls = on.`;
  return undefined;
}
