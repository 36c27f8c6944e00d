import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout } from 'node:timers/promises';
import { unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';
import { expect } from 'vitest';
import type { Symptoms } from './symptoms.js';

const fromTheFuture = (appliedAt: string): string =>
  `insert into schema_migrations (version, name, applied_at) values (1000, 'from-the-future', ${appliedAt})`;

/** Locks the sessions for a minute at most, and returns what ends that. */
async function lockSessions(database: TemporaryDatabase): Promise<() => Promise<unknown>> {
  const locked = `do $$ begin lock table sessions in access exclusive mode; perform pg_sleep(60); end $$`;
  database.query(locked).catch(() => undefined);
  const from = `from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
  await expect.poll(() => database.query(`select ${from}`)).toHaveLength(1);
  return () => database.query(`select pg_cancel_backend(pid) ${from}`);
}

/** What needs a PostgreSQL server that goes on undisturbed. */
export const postgresSymptoms: Symptoms = {
  'The database does not exist': async (scene) => {
    const { url } = await scene.database();
    await scene.fail({ DATABASE_URL: Object.assign(new URL(url), { pathname: '/no_such_database' }).href });
  },

  'The schema is newer than the program': async (scene) => {
    const database = await scene.database();
    const running = await scene.serve({ DATABASE_URL: database.url });
    await database.query(fromTheFuture('now()'));
    // It looked at the schema when it started, and goes on.
    expect(await running.call('listSessions', {})).toContain('"sessions":[]');
    await scene.fail({ DATABASE_URL: database.url });
    const path = join(scene.folder, 'context.db');
    await scene.serve({ DATABASE_URL: `sqlite:${path}` });
    const file = new DatabaseSync(path);
    file.exec(fromTheFuture('0'));
    file.close();
    await scene.fail({ DATABASE_URL: `sqlite:${path}` });
  },

  'OVERLOADED: the pool is saturated': async (scene) => {
    const database = await scene.database();
    const limits = { DATABASE_POOL_SIZE: '1', DATABASE_MAX_WAITING: '1' };
    const server = await scene.serve({ DATABASE_URL: database.url, ...limits });
    await lockSessions(database);
    void Promise.allSettled(Array.from({ length: 4 }, () => server.call('listSessions', {})));
  },

  'Calls are slow': async (scene) => {
    const database = await scene.database();
    const server = await scene.serve({ DATABASE_URL: database.url });
    const work = { sessionKey: 'work', agent: 'planner' };
    await server.call('registerSession', work);
    const release = await lockSessions(database);
    const answer = server.call('updateContext', { ...work, contextType: 'message', content: 'text' });
    const waiting = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await expect.poll(() => database.query(waiting)).toHaveLength(1);
    await setTimeout(500);
    await release();
    expect(await answer).toContain('"sequence":1');
  },

  'Redis is away': async (scene) => {
    const { url } = await scene.database();
    const server = await scene.serve({
      DATABASE_URL: url,
      REDIS_URL: `redis://127.0.0.1:${await unusedPort()}`,
      CACHE_MEMORY_MIB: '1',
      CACHE_REDIS: 'true',
      RATE_LIMIT_PER_SECOND: '1000',
    });
    expect(await server.call('registerSession', { sessionKey: 'work', agent: 'planner' })).toContain('"created":true');
  },
};
