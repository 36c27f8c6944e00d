import type { ClientConfig } from 'pg';
import { serverUrls } from './database-url.js';
import { planSettings } from './plan-settings.js';

/** How to reach the server, for the pool and for migrations. */
export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** How long to wait for a connection. */
  readonly connectTimeoutMs: number;
  /** Whether the connection goes through a pooler that pools by transaction. */
  readonly transactionPooler: boolean;
}

/** How long to wait, after the server's own statement timeout, for its error before the connection is given up. */
export const silenceMs = 5000;

/** Time without traffic until the system probes the connection. */
const keepAliveMs = 10_000;

/** Settings that statements rely on. A server, a database or a user may have other defaults. */
const meaningSettings = {
  // Statements look again at a row after a wait for its lock.
  default_transaction_isolation: String.raw`read\ committed`,
  // Arrays of arguments hold nulls.
  array_nulls: 'on',
};

/** In the form of the server's command line. */
const serverOptions = Object.entries({ ...meaningSettings, ...planSettings })
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(' ');

/** Configures a connection to the first server of the URL. Poolers accept no settings, so they get none. */
export function connectionConfig({ url, connectTimeoutMs, transactionPooler }: ConnectionOptions): ClientConfig {
  const [serverUrl = url] = serverUrls(url);
  return {
    connectionString: transactionPooler ? serverUrl : withServerOptions(serverUrl, serverOptions),
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  };
}

/** Adds options to those of the URL or, if it has none, of the environment. The last value of a setting wins. */
function withServerOptions(url: string, added: string): string {
  const changed = new URL(url);
  const given = changed.searchParams.get('options') ?? process.env['PGOPTIONS'] ?? '';
  changed.searchParams.set('options', `${given} ${added}`.trim());
  return changed.href;
}
