import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCachedStore } from '../src/index.js';
import { appendWork, briefWork, createWork, readWork } from './requests.js';

const tables = ['sessions', 'context_history'];

describe('a cache over a database to which an older dump was restored', () => {
  let database: TemporaryDatabase;
  let plain: Store;
  let cached: Store;
  beforeEach(async () => {
    database = await temporaryDatabase();
    plain = await createPostgresStore({ url: database.url });
    cached = createCachedStore({ store: await createPostgresStore({ url: database.url }) });
  });
  afterEach(async () => {
    await cached.close();
    await plain.close();
    await database.drop();
  });

  const dump = async (): Promise<void> => {
    for (const table of tables) await database.query(`create table dumped_${table} as table ${table}`);
  };
  /** As pg_restore --data-only does: nothing but the rows shows it. */
  const restore = async (): Promise<void> => {
    await database.query(`truncate ${tables.join()} cascade`);
    await database.query('insert into sessions overriding system value table dumped_sessions');
    await database.query('insert into context_history table dumped_context_history');
  };

  async function expectSame(): Promise<void> {
    for (const request of [readWork(), readWork({ direction: 'ascending', limit: 24 })]) {
      expect((await cached.readEntries(request)).entries).toEqual((await plain.readEntries(request)).entries);
    }
    for (const request of [briefWork(), briefWork({ uptoSequence: 48 })]) {
      const { session: _session, ...source } = await cached.readBriefing(request);
      expect(source).toEqual(await plain.readBriefing(request).then(({ session: _own, ...own }) => own));
    }
  }

  it.each([0, 16, 20])(
    'never mixes what came after the dump with what came after its return (%i entries)',
    async (count) => {
      await createWork(plain);
      await appendWork(plain, count, () => ({ content: 'in both' }));
      await dump();
      await appendWork(plain, 60, () => ({ content: 'lost' }));
      await expectSame();
      await restore();
      await expectSame();
      // As many bytes as before, at the same places of the same session.
      await appendWork(plain, 60, () => ({ content: 'kept' }));
      await expectSame();
      expect((await cached.readEntries(readWork())).entries.map(({ content }) => content)).not.toContain('lost');
    },
  );

  it('never takes the log for the one that it remembers, however equal their lengths', async () => {
    await createWork(plain);
    await appendWork(plain, 20, () => ({ content: 'in both' }));
    await dump();
    await appendWork(plain, 7, () => ({ content: 'lost' }));
    // From the third time on, a read only looks at the last append.
    for (let read = 0; read < 3; read += 1) await expectSame();
    await restore();
    await appendWork(plain, 7, () => ({ content: 'kept' }));
    await expectSame();
  });
});
