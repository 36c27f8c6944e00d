import { randomBytes } from 'node:crypto';
import { createPostgresStore } from '@org/store-kysely/postgres';
import {
  startPostgresServer,
  temporaryDatabase,
  type PostgresServer,
  type TemporaryDatabase,
} from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { appendWork, createWork } from '../support/requests.js';

const sessions = 1000;
const callers = 32;

/** Sizes of metadata: empty, large but stored in the row, and stored outside the row. */
const metadataBytes = [2, 1500, 4 * 1024, 64 * 1024];

interface AppendCost {
  /** The share of updates of sessions that touched no index. */
  readonly hotShare: number;
  readonly walBytes: number;
}

describe('an append', () => {
  let server: PostgresServer;

  beforeAll(async () => {
    // Without images of whole pages, the log holds only what the appends write.
    server = await startPostgresServer({ settings: { full_page_writes: 'off', max_wal_size: '4GB' } });
  });
  afterAll(() => server.remove());

  it('touches no index of its session, and writes no metadata again, however large', { timeout: 120_000 }, async () => {
    const costs: AppendCost[] = [];
    for (const bytes of metadataBytes) costs.push(await measureAppends(bytes, 5000));
    for (const { hotShare } of costs) expect(hotShare).toBeGreaterThanOrEqual(0.95);
    const [least = 0] = costs.map(({ walBytes }) => walBytes);
    for (const { walBytes } of costs) expect(walBytes).toBeLessThan(least * 1.2);
  });

  /** Measures the average cost of an append, of many concurrent ones to many sessions. */
  async function measureAppends(bytes: number, appends: number): Promise<AppendCost> {
    const database = await temporaryDatabase(server.url);
    const store = await createPostgresStore({ url: database.url });
    const keys = Array.from({ length: sessions }, (_, index) => `session-${index}`);
    const metadata = bytes > 2 ? { note: randomText(bytes - 13) } : {};
    await Promise.all(keys.map((sessionKey) => store.createSession({ ...createWork, sessionKey, metadata })));

    const [before] = await database.query(`select pg_current_wal_insert_lsn() - '0/0' as wal`);
    let started = 0;
    const call = async (): Promise<void> => {
      while (started < appends) {
        started += 1;
        await store.appendEntry(appendWork('a'.repeat(500), { sessionKey: keys[(started * 7919) % sessions] ?? '' }));
      }
    };
    await Promise.all(Array.from({ length: callers }, call));
    const [after] = await database.query(`select pg_current_wal_insert_lsn() - '0/0' as wal`);
    await store.close();

    return {
      walBytes: (Number(after?.['wal']) - Number(before?.['wal'])) / appends,
      hotShare: await hotShare(database.query),
    };
  }

  /** A connection reports its statistics when it ends, at the latest. */
  const hotShare = (query: TemporaryDatabase['query']): Promise<number> =>
    vi.waitFor(
      async () => {
        const [row] = await query(`
          select n_tup_hot_upd::float8 / n_tup_upd as share from pg_stat_user_tables
          where relname = 'sessions' and n_tup_upd > 0 and not exists (
            select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
          )`);
        if (row === undefined) throw new Error('not all that was done is reported');
        return Number(row['share']);
      },
      { timeout: 10_000 },
    );
});

/** Random text, which cannot be compressed. */
const randomText = (length: number): string => randomBytes(length).toString('base64').slice(0, length);
