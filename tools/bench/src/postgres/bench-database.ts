import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { createContextStore } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client, DatabaseError } from 'pg';
import { MissingService, type RowContext } from '../row.js';

/** Any database of a server on which the user may create others: by default that of this machine, as the tests have it. */
export const serverUrl: string =
  process.env['DATABASE_TEST_URL'] ?? `postgres://${encodeURIComponent(userInfo().username)}@127.0.0.1:5432/postgres`;

/** SQLSTATE, appendix A of PostgreSQL's manual. */
const insufficientPrivilege = '42501';

export const owner = 'planner';
export const sessionKey = (index: number): string => `session-${index}`;

export interface BenchDatabase {
  readonly url: string;
  readonly name: string;
  readonly query: (text: string) => Promise<Record<string, unknown>[]>;
  /**
   * So that none falls into a measurement. Left to the server where the user may not ask for one, and in a quick run, whose
   * figures mean nothing to anybody.
   */
  readonly checkpoint: () => Promise<void>;
}

/** A database of the row's own, named for this process, with the product's schema in it, which goes with the row. */
export async function benchDatabase({ effort, resources }: RowContext): Promise<BenchDatabase> {
  const name = `context_store_bench_${process.pid}_${randomBytes(6).toString('hex')}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const server = await connect(serverUrl);
  resources.defer(() => server.end());
  await server.query(`create database ${name}`);
  resources.defer(async () => {
    await server.query(`drop database ${name} with (force)`);
  });
  const store = await createPostgresStore({ url: url.href });
  await store.close();
  const client = await connect(url.href);
  resources.defer(() => client.end());
  return {
    url: url.href,
    name,
    query: async (text) => (await client.query<Record<string, unknown>>(text)).rows,
    checkpoint: async () => {
      if (effort.isQuick) return;
      await client.query('checkpoint').catch((error: unknown) => {
        if (!(error instanceof DatabaseError && error.code === insufficientPrivilege)) throw error;
      });
    },
  };
}

async function connect(connectionString: string): Promise<Client> {
  const client = new Client({ connectionString });
  await client.connect().catch((error: unknown) => {
    throw new MissingService(
      `a PostgreSQL server at ${new URL(connectionString).host}: start one, or name it in DATABASE_TEST_URL`,
      { cause: error },
    );
  });
  // It is terminated when the database is dropped.
  client.on('error', () => undefined);
  return client;
}

/** Creates sessions of the same owner, and what brings the database back to having them, and nothing else. */
export async function seedSessions(database: BenchDatabase, count: number): Promise<() => Promise<void>> {
  const store = await createPostgresStore({ url: database.url });
  const contextStore = createContextStore({ store }, { agent: owner });
  try {
    for (let first = 1; first <= count; first += 100) {
      const indexes = Array.from({ length: Math.min(100, count - first + 1) }, (_, offset) => first + offset);
      await Promise.all(indexes.map((index) => contextStore.registerSession({ sessionKey: sessionKey(index) })));
    }
  } finally {
    await contextStore.close();
  }
  await database.query('create table seeded_sessions as table sessions');
  return async () => {
    await database.query('truncate sessions, context_history, handoffs, read_marks, idempotency_keys');
    await database.query('insert into sessions overriding system value table seeded_sessions');
    await database.query('vacuum analyze sessions, context_history');
    await database.checkpoint();
  };
}
