import { createContextStore } from '@org/domain';
import { createRunDatabase, type RunDatabase } from '@org/measure/run-database';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { DatabaseError } from 'pg';
import type { Context } from '../row.js';

export const owner = 'planner';
const sessionKey = (index: number): string => `session-${index}`;
/** Returns the key of one of `count` sessions. */
export const randomSession = (count: number): string => sessionKey(1 + Math.floor(Math.random() * count));

export interface BenchDatabase extends RunDatabase {
  /** Keeps checkpoints out of measurements. Does nothing in a quick run, or if the user may not ask for one. */
  readonly checkpoint: () => Promise<void>;
  /** Brings the database back to the sessions that it was created with, without entries. */
  readonly reset: () => Promise<void>;
}

/** Creates a database with the product's schema and `count` sessions of one owner, and defers its removal. */
export async function benchDatabase({ effort, resources, progress }: Context, count: number): Promise<BenchDatabase> {
  const database = await createRunDatabase(resources);
  progress(`creating ${count} sessions`);
  const contextStore = createContextStore(
    { store: await createPostgresStore({ url: database.url }) },
    { agent: owner },
  );
  try {
    for (let first = 1; first <= count; first += 50) {
      const keys = Array.from({ length: 50 }, (_, offset) => sessionKey(first + offset));
      await Promise.all(keys.map((key) => contextStore.registerSession({ sessionKey: key })));
    }
  } finally {
    await contextStore.close();
  }
  await database.query('create table seeded_sessions as table sessions');

  async function checkpoint(): Promise<void> {
    if (effort.isQuick) return;
    await database.query('checkpoint').catch((error: unknown) => {
      // 42501 is insufficient_privilege.
      if (!(error instanceof DatabaseError && error.code === '42501')) throw error;
    });
  }
  async function reset(): Promise<void> {
    await database.query('truncate sessions, context_history, handoffs, read_marks, idempotency_keys');
    await database.query('insert into sessions overriding system value table seeded_sessions');
    await database.query('vacuum analyze sessions, context_history');
    await checkpoint();
  }
  return { ...database, checkpoint, reset };
}
