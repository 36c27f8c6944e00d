import { createContextStore } from '@org/domain';
import { createRunDatabase, type RunDatabase } from '@org/measure/run-database';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { DatabaseError } from 'pg';
import type { RowContext } from '../row.js';

/** SQLSTATE, appendix A of PostgreSQL's manual. */
const insufficientPrivilege = '42501';

export const owner = 'planner';
export const sessionKey = (index: number): string => `session-${index}`;

export interface BenchDatabase extends RunDatabase {
  /** Keeps checkpoints out of measurements. Does nothing in a quick run, or if the user may not ask for one. */
  readonly checkpoint: () => Promise<void>;
}

/** Creates a database with the product's schema, and defers its removal. */
export async function benchDatabase({ effort, resources }: RowContext): Promise<BenchDatabase> {
  const database = await createRunDatabase(resources);
  const store = await createPostgresStore({ url: database.url });
  await store.close();
  return {
    ...database,
    checkpoint: async () => {
      if (effort.isQuick) return;
      await database.query('checkpoint').catch((error: unknown) => {
        if (!(error instanceof DatabaseError && error.code === insufficientPrivilege)) throw error;
      });
    },
  };
}

/** Creates sessions of one owner. Returns what brings the database back to these sessions, without entries. */
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
