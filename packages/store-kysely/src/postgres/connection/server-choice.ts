import { Client } from 'pg';
import { connectionConfig, type ConnectionOptions } from './connection-config.js';
import { requiresWrites, serverUrls } from './database-url.js';
import { takesNoWrites, translateConnectError } from './translate-error.js';

/** Chooses which of the servers that a URL names to connect to. */
export interface ServerChoice {
  /**
   * The URL of the chosen server. The choice is made again after `invalidate`, and regularly while the server is read-only.
   *
   * @throws STORE_UNAVAILABLE if no server can be used
   */
  readonly current: () => Promise<string>;
  /** Drops the choice because the server failed. */
  readonly invalidate: () => void;
}

/** How long a read-only server is used before all servers are asked again. */
const readOnlyForMs = 5000;

/** Returns undefined if there is no choice: the URL names one server, and accepts it read-only or not. */
export function createServerChoice(options: ConnectionOptions): ServerChoice | undefined {
  if (serverUrls(options.url).length === 1 && !requiresWrites(options.url)) return undefined;
  let choosing: Promise<string> | undefined;
  let validUntilMs = Infinity;

  async function choose(): Promise<string> {
    const { url, takesWrites } = await chooseServer(options);
    validUntilMs = takesWrites ? Infinity : performance.now() + readOnlyForMs;
    return url;
  }

  function invalidate(): void {
    choosing = undefined;
    validUntilMs = Infinity;
  }

  return {
    current: async () => {
      if (performance.now() >= validUntilMs) invalidate();
      choosing ??= choose();
      try {
        return await choosing;
      } catch (error) {
        invalidate();
        throw error;
      }
    },
    invalidate,
  };
}

interface ChosenServer {
  readonly url: string;
  readonly takesWrites: boolean;
}

/**
 * Asks all servers that a URL names at once, and chooses the first that takes writes. If there is none, it chooses the
 * first that answers, for reads, unless the URL forbids that (`target_session_attrs`).
 *
 * @throws STORE_UNAVAILABLE
 */
export async function chooseServer(options: ConnectionOptions): Promise<ChosenServer> {
  const urls = serverUrls(options.url);
  const answers = urls.map((url) => ask({ ...options, url }).catch((error: unknown) => ({ url, error })));
  let readable: ChosenServer | undefined;
  let failure: unknown;
  for (const answer of answers) {
    const server = await answer;
    if ('error' in server) failure ??= server.error;
    else if (server.takesWrites) return server;
    else readable ??= server;
  }
  if (readable === undefined) throw translateConnectError(failure, options.url);
  if (requiresWrites(options.url)) throw takesNoWrites(options.url);
  return readable;
}

async function ask(options: ConnectionOptions): Promise<ChosenServer> {
  const client = new Client({
    ...connectionConfig(options),
    query_timeout: options.connectTimeoutMs,
    fallback_application_name: 'context-store start',
  });
  // The call under way reports a broken connection.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ takes_writes: boolean }>(
      `select current_setting('transaction_read_only') = 'off' as takes_writes`,
    );
    return { url: options.url, takesWrites: rows[0]?.takes_writes === true };
  } finally {
    await client.end();
  }
}
