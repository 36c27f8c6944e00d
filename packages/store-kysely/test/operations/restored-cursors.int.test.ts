import { createContextStore, type ContextStore, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { temporaryDatabase } from '@org/store-kysely/testing';
import Sqlite from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { temporaryFile } from '../support/temporary-file.js';

/** A database, and a copy of it as a backup would restore it. */
interface Deployment {
  readonly open: () => Promise<Store>;
  /** While no store is open. */
  readonly backUp: () => Promise<void>;
  readonly openBackup: () => Promise<Store>;
}

const engines: Readonly<Record<string, () => Promise<Deployment>>> = {
  SQLite: async () => {
    const [{ path, remove }, backup] = [temporaryFile(), temporaryFile()];
    onTestFinished(() => {
      remove();
      backup.remove();
    });
    return {
      open: () => createSqliteStore({ path }),
      backUp: async () => {
        const database = new Sqlite(path);
        database.prepare('vacuum into ?').run(backup.path);
        database.close();
      },
      openBackup: () => createSqliteStore({ path: backup.path }),
    };
  },
  PostgreSQL: async () => {
    const database = await temporaryDatabase();
    const backup = await temporaryDatabase();
    onTestFinished(async () => {
      await database.drop();
      await backup.drop();
    });
    const nameOf = ({ url }: { url: string }): string => new URL(url).pathname.slice(1);
    return {
      open: () => createPostgresStore({ url: database.url, poolSize: 2 }),
      backUp: async () => {
        const server = await temporaryDatabase();
        await backup.drop();
        await server.query(`create database ${nameOf(backup)} template ${nameOf(database)}`);
        await server.drop();
      },
      openBackup: () => createPostgresStore({ url: backup.url, poolSize: 2 }),
    };
  },
};

const refusal = {
  code: 'VALIDATION_ERROR',
  message: expect.stringMatching(/restored from a backup.*without a cursor/) as string,
};

async function offer(store: ContextStore): Promise<string> {
  const { handoff } = await store.requestHandoff({ sessionKey: 'work', requestType: 'context_transfer' });
  return handoff.handoffId;
}

const append = (store: ContextStore, content: string): Promise<unknown> =>
  store.updateContext({ sessionKey: 'work', contextType: 'message', content });

const using = (store: Store): ContextStore => createContextStore({ store }, { agent: 'planner' });

describe.each(Object.entries(engines))('cursors after a restore of %s', (_engine, deploy) => {
  it('are refused when they are ahead, and go on when they are not', async () => {
    const { open, backUp, openBackup } = await deploy();
    const before = using(await open());
    await before.registerSession({ sessionKey: 'work' });
    await append(before, 'kept');
    const kept = await offer(before);
    const { cursor: reached } = await before.listHandoffs({ agent: 'implementer' });
    await before.close();
    await backUp();

    const lost = using(await open());
    for (const content of ['one', 'two', 'three']) await append(lost, content);
    for (let count = 0; count < 3; count += 1) await offer(lost);
    const inbox = await lost.listHandoffs({ agent: 'implementer' });
    const outbox = await lost.listHandoffs({ direction: 'outbox', limit: 3 });
    const log = await lost.getContext({ sessionKey: 'work', order: 'asc', limit: 3 });
    await lost.registerSession({ sessionKey: 'new' });
    const sessions = await lost.listSessions({ limit: 1 });
    await lost.close();

    const restored = using(await openBackup());
    const ahead = [
      () => restored.listHandoffs({ agent: 'implementer', cursor: inbox.cursor }),
      () => restored.listHandoffs({ agent: 'implementer', cursor: inbox.cursor, waitSeconds: 30 }),
      () => restored.listHandoffs({ direction: 'outbox', cursor: outbox.cursor }),
      () => restored.getContext({ sessionKey: 'work', cursor: log.nextCursor }),
    ];
    for (const call of ahead) await expect(call()).rejects.toMatchObject(refusal);
    // Newest first: a page that goes on from a lost session shows all that are older, which is all.
    const older = await restored.listSessions({ cursor: sessions.nextCursor });
    expect(older.sessions.map(({ sessionKey }) => sessionKey)).toEqual(['work']);

    const later = await offer(restored);
    const idsAfter = async (cursor?: string): Promise<string[]> =>
      (await restored.listHandoffs({ agent: 'implementer', cursor })).handoffs.map(({ handoffId }) => handoffId);
    expect(await idsAfter(reached)).toEqual([later]);
    expect(await idsAfter()).toEqual([kept, later]);
    await restored.close();
  });
});
