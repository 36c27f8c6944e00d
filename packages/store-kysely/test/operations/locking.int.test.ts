import { setTimeout } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Connection } from '../../src/sqlite/connection/connection.js';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import { prepareOperations } from '../../src/sqlite/operations/operations.js';
import { appendWork, createWork, offerWork, readWork, upTo, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

describe('while another connection holds the write lock', () => {
  let store: Store;
  let other: Connection;
  let path: string;
  let remove: () => void;

  beforeEach(async () => {
    ({ path, remove } = temporaryFile());
    store = await createSqliteStore({ path });
    await store.createSession(createWork);
    other = await openConnection(path, Date.now, 0);
  });
  afterEach(async () => {
    other.close();
    await store.close();
    remove();
  });

  it('reads go on, and writes wait without holding up the process', async () => {
    other.execute('begin immediate');
    let isDone = false;
    const appended = store.appendEntry(appendWork('waits')).finally(() => {
      isDone = true;
    });
    // Each read needs a turn of the event loop.
    for (let turn = 0; turn < 20; turn += 1) {
      expect((await store.readSession(work)).lastSequence).toBe(0);
      await setTimeout(5);
    }
    expect(isDone).toBe(false);
    other.execute('commit');
    expect(await appended).toMatchObject({ sequence: 1 });
  });

  it('a waiting writer is fenced out when ownership moves meanwhile', async () => {
    await store.appendEntry(appendWork('first'));
    await store.createHandoff(offerWork('h'));
    other.execute('begin immediate');
    const late = Array.from({ length: 8 }, (_, index) => store.appendEntry(appendWork(`late ${index}`)));
    await setTimeout(50);
    const claim = { namespace: work.namespace, agent: 'implementer', handoffId: 'h' };
    prepareOperations(other).writes.claimHandoff(claim, Date.now());
    other.execute('commit');

    for (const outcome of await Promise.allSettled(late))
      expect(outcome).toMatchObject({ reason: { code: 'OWNERSHIP_LOST' } });
    await store.appendEntry(appendWork('second', { agent: 'implementer', epoch: 2 }));
    const { entries } = await store.readEntries(readWork());
    expect(entries.map(({ content }) => content)).toEqual(['first', 'second']);
  });

  it('a writer gives up at the limit, says that it may be tried again, and has written nothing', async () => {
    const impatient = await createSqliteStore({ path, lockWaitMs: 100 });
    other.execute('begin immediate');
    const outcomes = await Promise.allSettled(
      Array.from({ length: 5 }, () => impatient.appendEntry(appendWork('given up'))),
    );
    other.execute('commit');
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        reason: { code: 'STORE_UNAVAILABLE', retryable: true, message: expect.stringContaining(path) as string },
      });
    }
    expect(await impatient.appendEntry(appendWork('again'))).toMatchObject({ sequence: 1 });
    await impatient.close();
    expect((await store.readEntries(readWork())).entries.map(({ sequence }) => sequence)).toEqual(upTo(1));
  });

  it('closing waits for the writes that wait', async () => {
    const closing = await createSqliteStore({ path });
    other.execute('begin immediate');
    const appended = closing.appendEntry(appendWork('waits'));
    const closed = closing.close();
    await expect(closing.appendEntry(appendWork('late'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    other.execute('commit');
    await closed;
    expect(await appended).toMatchObject({ sequence: 1 });
  });
});
