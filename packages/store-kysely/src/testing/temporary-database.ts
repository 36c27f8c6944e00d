import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

export interface TemporaryDatabase {
  readonly url: string;
  /** Runs one statement in it. */
  readonly query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  readonly drop: () => Promise<void>;
}

/**
 * Creates an empty database for one test file or one test. `drop` removes it.
 *
 * @param serverUrl any database of a server on which the user may create others. Default: DATABASE_TEST_URL, which the
 *   test run sets
 */
export async function temporaryDatabase(serverUrl: string = testServerUrl()): Promise<TemporaryDatabase> {
  const name = `context_store_test_${randomUUID().replaceAll('-', '')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await query(serverUrl, `create database ${name}`);
  return {
    url: url.href,
    query: (text, values) => query(url.href, text, values),
    drop: async () => {
      await query(serverUrl, `drop database ${name} with (force)`);
    },
  };
}

function testServerUrl(): string {
  const url = process.env['DATABASE_TEST_URL'];
  if (url === undefined) throw new Error('DATABASE_TEST_URL must name a PostgreSQL server');
  return url;
}

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}
