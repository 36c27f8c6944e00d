import { Client } from 'pg';
import type { ClientOptions } from './client-options.js';
import { connectionConfig, silenceMs } from './connection-config.js';
import { requireDatabaseUrl } from './database-url.js';
import { defaultSettings } from '../default-settings.js';
import { createServerChoice } from './server-choice.js';
import { translateConnectError, translateError } from './translate-error.js';

/**
 * How long a statement may wait for locks. Longer than a migration takes, so that processes that start together wait
 * for it.
 */
export const lockWaitMs = 60_000;

/**
 * Runs a function with a dedicated connection, before there is a pool.
 *
 * @throws STORE_UNAVAILABLE for a server that cannot be reached, VALIDATION_ERROR for a URL that cannot be read
 */
export async function withClient<Answer>(
  url: string,
  options: ClientOptions,
  run: (client: Client) => Promise<Answer>,
): Promise<Answer> {
  const client = await connect(url, options);
  try {
    return await run(client);
  } catch (error) {
    throw translateError(error, url);
  } finally {
    // The server rolls back a transaction that a failure left open.
    await client.end();
  }
}

async function connect(url: string, options: ClientOptions): Promise<Client> {
  const { connectTimeoutMs = defaultSettings.connectTimeoutMs, transactionPooler = false } = options;
  requireDatabaseUrl(url);
  try {
    const connection = { url, connectTimeoutMs, transactionPooler };
    const client = new Client({
      ...connectionConfig({ ...connection, url: (await createServerChoice(connection)?.current()) ?? url }),
      query_timeout: lockWaitMs + silenceMs,
      fallback_application_name: 'context-store start',
    });
    // The statement under way reports the error.
    client.on('error', () => undefined);
    await client.connect();
    return client;
  } catch (error) {
    throw translateConnectError(error, url);
  }
}
