import { randomUUID } from 'node:crypto';
import { Client } from 'pg';

/** Where test databases are made: any database of a server on which the user may create others. */
const serverUrl = process.env['DATABASE_TEST_URL'] ?? 'postgres://root@127.0.0.1:5432/postgres';

export interface TemporaryDatabase {
  readonly url: string;
  /** Runs one statement in it. */
  readonly query: (text: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;
  readonly drop: () => Promise<void>;
}

/** An empty database for one test file, or one test, and what removes it with all that is in it. */
export async function temporaryDatabase(): Promise<TemporaryDatabase> {
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

async function query(url: string, text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect().catch((error: unknown) => {
    throw new Error(`These tests need a PostgreSQL server. Start one, or name it in DATABASE_TEST_URL.`, {
      cause: error,
    });
  });
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}
