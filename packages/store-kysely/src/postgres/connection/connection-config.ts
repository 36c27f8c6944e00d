import type { ClientConfig } from 'pg';
import { serverUrls } from './database-url.js';
import { planSettings } from './plan-settings.js';

/** How the server is reached: one way for the pool, and for migrating. */
export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** How long to wait for a connection. */
  readonly connectTimeoutMs: number;
  /** Whether a pooler stands between that gives each transaction a connection of its choice. */
  readonly transactionPooler: boolean;
}

/** The server ends a statement by itself. When not even that is heard of after such a time, it is given up. */
export const silenceMs = 5000;

/** After such a time without traffic the system asks the other end every second, and gives it up after ten. */
const keepAliveMs = 10_000;

/** What statements rely on. A server, a database or a user may have other defaults. */
const meaningSettings = {
  // Statements look again at a row after a wait for its lock.
  default_transaction_isolation: String.raw`read\ committed`,
  // Arrays of arguments hold nulls.
  array_nulls: 'on',
};

/** As the server's command line has them. */
const serverOptions = Object.entries({ ...meaningSettings, ...planSettings })
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** Of several servers, to the first. A pooler takes no settings, and its server has none for one client alone. */
export function connectionConfig({ url, connectTimeoutMs, transactionPooler }: ConnectionOptions): ClientConfig {
  const [serverUrl = url] = serverUrls(url);
  return {
    connectionString: transactionPooler ? serverUrl : withServerOptions(serverUrl, serverOptions),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  };
}

/** Adds to what the URL, or else the environment, asks of the server. What comes later counts. */
function withServerOptions(url: string, added: string): string {
  const changed = new URL(url);
  const given = changed.searchParams.get('options') ?? process.env['PGOPTIONS'] ?? '';
  changed.searchParams.set('options', `${given} ${added}`.trim());
  return changed.href;
}
