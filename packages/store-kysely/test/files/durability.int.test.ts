import { createSqliteStore } from '@org/store-kysely/sqlite';
import { expect, it } from 'vitest';
import { forkStore } from '../support/fork-store.js';
import { appendWork, createWork, readWork, upTo } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

it.for([40, 200, 400])('loses no acknowledged append when its process is killed after %d', async (killAfter) => {
  const { path, remove } = temporaryFile();
  const writer = forkStore(path);
  await writer.store.createSession(createWork);
  const acknowledged = new Map<number, string>();
  const isKilled = Promise.withResolvers<void>();

  async function appendOn(appender: number): Promise<void> {
    for (let turn = 0; acknowledged.size < killAfter; turn += 1) {
      const content = `${appender}/${turn}`;
      const { sequence } = await writer.store.appendEntry(appendWork(content));
      acknowledged.set(sequence, content);
    }
    isKilled.resolve(writer.kill());
  }
  // Those whose call the kill cut off never settle.
  for (let appender = 0; appender < 16; appender += 1) void appendOn(appender);
  await isKilled.promise;

  const store = await createSqliteStore({ path });
  const { entries, session } = await store.readEntries(readWork());
  expect(entries.map(({ sequence }) => sequence)).toEqual(upTo(session.lastSequence));
  const contents = new Map(entries.map(({ sequence, content }) => [sequence, content]));
  expect(acknowledged.size).toBeGreaterThanOrEqual(killAfter);
  for (const [sequence, content] of acknowledged) expect(contents.get(sequence)).toBe(content);
  expect((await store.appendEntry(appendWork('after'))).sequence).toBe(session.lastSequence + 1);
  await store.close();
  remove();
});
