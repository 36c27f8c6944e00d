import { readFileSync } from 'node:fs';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { expect, it } from 'vitest';
import { appendWork, createWork, offerWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

it('leaves no trace of a deleted session in a SQLite file, nor in the log beside it', async () => {
  const { path, remove } = temporaryFile();
  const holdsSecret = (): boolean =>
    [path, `${path}-wal`].some(
      (file) => readFileSync(file).includes('secret') || readFileSync(file).includes('SECRET'),
    );
  const store = await createSqliteStore({ path });
  const kept = { ...work, sessionKey: 'kept' };
  for (const session of [work, kept]) await store.createSession({ ...createWork, ...session, title: 'public' });
  // Entries of both on every page, and some that take several pages.
  await Promise.all(
    Array.from({ length: 600 }, (_, index) => [
      store.appendEntry(
        appendWork(`secret ${index} `.repeat(index % 50 === 0 ? 2000 : 10), { pinned: index % 7 === 0 }),
      ),
      store.appendEntry(appendWork(`public ${index} `.repeat(10), kept)),
    ]).flat(),
  );
  await store.updateSession({ ...work, agent: 'planner', title: 'SECRET', metadata: { secret: true } });
  await store.createHandoff(offerWork('h', { targetAgent: 'secret-agent', summary: 'secret' }));
  await store.markRead({ ...work, agent: 'secret-reader', sequence: 3 });
  expect(holdsSecret()).toBe(true);
  await store.deleteSession(work);
  expect(holdsSecret()).toBe(false);
  expect((await store.readSession(kept)).lastSequence).toBe(600);
  await store.close();
  remove();
});
