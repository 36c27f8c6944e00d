import type { Store } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/sqlite/connection/connection.js';
import { createGroupCommit, type GroupLimits } from '../../src/sqlite/transactions/group-commit.js';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import { prepareOperations } from '../../src/sqlite/operations/operations.js';
import { appendWork, createWork, offerWork, readWork, upTo, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

describe('a group of writes', () => {
  let connection: Connection;
  let transactions: number;
  let write: <T>(run: () => T) => Promise<T>;
  let append: (content: string) => Promise<unknown>;
  let remove: () => void;

  beforeEach(async () => {
    const file = temporaryFile();
    remove = file.remove;
    connection = await openConnection(file.path, Date.now, 0);
    transactions = 0;
    prepareOperations(connection).writes.createSession(createWork, 0);
    limitTo({ runMs: Infinity });
  });
  afterEach(() => {
    connection.close();
    remove();
  });

  function limitTo(limits: Partial<GroupLimits>): void {
    const counted: Connection['writeTransaction'] = (run) => {
      transactions += 1;
      return connection.writeTransaction(run);
    };
    ({ write } = createGroupCommit({ ...connection, writeTransaction: counted }, 1000, {
      writes: 256,
      runMs: 10,
      waiting: 1000,
      ...limits,
    }));
    const { appendEntry } = prepareOperations(connection).writes;
    append = (content) => write(() => appendEntry(appendWork(content), 0));
  }

  const readContents = (): string[] => {
    const { reads } = prepareOperations(connection);
    return reads.readEntries(readWork(), 0).entries.map(({ content }) => content);
  };

  /** Fails at the commit, not before: its entry belongs to no session. */
  const orphanEntry = (): void => {
    connection.execute(`
      pragma defer_foreign_keys = on;
      insert into context_history values (999, 1, 'message', 'a', 1, 0, 0, 0, 0, 0, null, null, '{}', 'orphan', null)`);
  };

  it('that arrive together shares one transaction', async () => {
    await Promise.all(Array.from({ length: 32 }, (_, index) => append(`${index}`)));
    expect(transactions).toBe(1);
    expect(readContents()).toEqual(Array.from({ length: 32 }, (_, index) => `${index}`));
  });

  it('is bounded in number', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, index) => append(`${index}`)));
    expect(transactions).toBe(3);
    expect(readContents()).toHaveLength(600);
  });

  it('is bounded in time', async () => {
    limitTo({ runMs: 0 });
    await Promise.all([append('a'), append('b'), append('c')]);
    expect(transactions).toBe(3);
    expect(readContents()).toEqual(['a', 'b', 'c']);
  });

  it('has a bounded number of waiting writes', async () => {
    limitTo({ waiting: 3 });
    const outcomes = await Promise.allSettled(['a', 'b', 'c', 'd'].map((content) => append(content)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    expect(outcomes[3]).toMatchObject({ reason: { code: 'OVERLOADED', retryable: true } });
    await append('e');
    expect(readContents()).toEqual(['a', 'b', 'c', 'e']);
  });

  it('runs each alone when one fails, so that it fails alone', async () => {
    const fail = (): void => {
      connection.execute(`update sessions set title = 'half done'`);
      throw new Error('unexpected');
    };
    const outcomes = await Promise.allSettled([append('a'), write(fail), append('b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { message: 'unexpected' } });
    expect(readContents()).toEqual(['a', 'b']);
    expect(prepareOperations(connection).reads.readSession(work, 0).title).toBeUndefined();
    expect(transactions).toBe(4);
  });

  it('reports no success to callers if the commit failed', async () => {
    const outcomes = await Promise.allSettled([append('a'), write(orphanEntry), append('b')]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' } });
    expect(readContents()).toEqual(['a', 'b']);
  });
});

describe('a bad write among good ones', () => {
  let store: Store;
  beforeEach(async () => {
    store = await createSqliteStore({ path: ':memory:' });
    await store.createSession(createWork);
  });
  afterEach(() => store.close());

  it('fails alone, and says nothing of SQL', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        store.appendEntry(appendWork(`${index}`, index === 7 ? { contentBytes: 0.5 } : {})),
      ),
    );
    expect(outcomes.map(({ status }) => status).indexOf('rejected')).toBe(7);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(outcomes[7]).toMatchObject({
      reason: { code: 'INTERNAL_ERROR', message: expect.not.stringMatching(/sqlite|real value/i) as string },
    });
    const { entries } = await store.readEntries(readWork());
    expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(19));
  });

  it('leaves nothing of what it had written', async () => {
    await store.createHandoff(offerWork('taken'));
    const before = await store.readSession(work);
    await expect(store.createHandoff(offerWork('taken'))).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(await store.readSession(work)).toMatchObject({ lastActivityAtMs: before.lastActivityAtMs });
  });
});
