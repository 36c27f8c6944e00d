import { noTelemetry, type PoolState, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCachedStore } from '../src/index.js';
import { appendWork, briefWork, createWork, readWork, work } from './requests.js';

describe('a cache over a database that keeps calls waiting', () => {
  let database: TemporaryDatabase;
  let cached: Store;
  let statements: string[];
  let readState: () => PoolState;

  beforeEach(async () => {
    database = await temporaryDatabase();
    statements = [];
    const store = await createPostgresStore({
      url: database.url,
      poolSize: 1,
      connectTimeoutMs: 600_000,
      statementTimeoutMs: 600_000,
      telemetry: {
        ...noTelemetry,
        recordStatement: (statement) => statements.push(statement),
        observePool: (read) => {
          readState = read;
          return () => undefined;
        },
      },
    });
    cached = createCachedStore({ store });
    await createWork(cached);
    await appendWork(cached, 40);
    statements = [];
  });
  afterEach(async () => {
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep%'
      and datname = current_database() and pid <> pg_backend_pid()`);
    await cached.close();
    await database.drop();
  });

  async function lockTables(): Promise<void> {
    database.query('begin; lock table sessions; select pg_sleep(600)').catch(() => undefined);
    await expect
      .poll(() =>
        database.query(`select from pg_locks where mode = 'AccessExclusiveLock' and granted
        and database = (select oid from pg_database where datname = current_database())`),
      )
      .not.toHaveLength(0);
  }

  it.each([
    ['entries', () => cached.readEntries(readWork())],
    ['a briefing', () => cached.readBriefing(briefWork())],
  ])('is closed in time while it reads %s', async (_title, read) => {
    await lockTables();
    const reading = read().catch((error: unknown) => error);
    await expect.poll(() => readState().inUse).toBe(1);
    await cached.close(50);
    expect(await reading).toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it('aborts reads that wait for a connection when no call needs them any more', async () => {
    await lockTables();
    const first = cached.readSession(work).catch(() => undefined);
    await expect.poll(() => readState().inUse).toBe(1);
    const leaving = new AbortController();
    const reads = [
      cached.readEntries(readWork(), leaving.signal),
      cached.readEntries(readWork({ types: ['file'] }), leaving.signal),
      cached.readBriefing(briefWork(), leaving.signal),
    ];
    await expect.poll(() => readState().waiting).toBe(3);
    leaving.abort();
    const given = await Promise.allSettled(reads);
    expect(given).toMatchObject(given.map(() => ({ reason: { code: 'CANCELLED' } })));
    await cached.close(50);
    await first;
    expect(statements).toEqual(['read_session']);
  });
});
