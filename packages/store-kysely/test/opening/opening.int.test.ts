import { closeSync, existsSync, mkdirSync, openSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createSqliteStore, migrateSqlite } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createConnection, type Connection } from '../../src/sqlite/connection/connection.js';
import { migrate } from '../../src/sqlite/schema/migrate.js';
import { migrations } from '../../src/sqlite/schema/migrations/index.js';
import { openConnection } from '../../src/sqlite/connection/open-connection.js';
import { db } from '../../src/sqlite/connection/query-builder.js';
import { forkStore } from '../support/fork-store.js';
import { createWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

describe('opening a SQLite file', () => {
  let path: string;
  let remove: () => void;
  beforeEach(() => {
    ({ path, remove } = temporaryFile());
  });
  afterEach(() => {
    remove();
  });

  async function open(file = path, lockWaitMs?: number): Promise<void> {
    await (await createSqliteStore({ path: file, lockWaitMs })).close();
  }

  function appliedVersions(): unknown[] {
    const database = new Sqlite(path);
    const versions = database.prepare('select version from schema_migrations').pluck().all();
    database.close();
    return versions;
  }

  async function expectOneLine(file: string, says: RegExp, retryable = false): Promise<void> {
    const error: unknown = await open(file).catch((reason: unknown) => reason);
    const message: unknown = expect.stringMatching(says);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable, message });
    expect((error as Error).message).toContain(file);
    expect((error as Error).message).not.toMatch(/\n|SQLITE|select |malformed/);
  }

  it('creates it, and its folder, for its user alone', async () => {
    const nested = join(dirname(path), 'data', 'context', 'store.db');
    await open(nested);
    expect(statSync(dirname(nested)).mode & 0o777).toBe(0o700);
    expect(statSync(nested).mode & 0o777).toBe(0o600);
  });

  it('migrates it once when several processes open it first at once', async () => {
    const processes = Array.from({ length: 4 }, () => forkStore(path));
    await Promise.all(processes.map(({ store }) => store.ping()));
    await processes[0]?.store.createSession(createWork);
    for (const { store } of processes) expect(await store.readSession(work)).toMatchObject({ owner: 'planner' });
    await Promise.all(processes.map(({ end }) => end()));

    expect(appliedVersions()).toEqual(migrations.map(({ version }) => version));
  });

  it('migrates it once when another process does so between its look and its lock', () => {
    const connect = (): Connection => createConnection({ database: new Sqlite(path) });
    const [first, second] = [connect(), connect()];
    const late: Connection = {
      ...second,
      writeTransaction: (run) => {
        migrate(first, path, 0);
        return second.writeTransaction(run);
      },
    };
    migrate(late, path, 0);
    expect(appliedVersions()).toEqual(migrations.map(({ version }) => version));
    first.close();
    second.close();
  });

  it('changes nothing when it is not to migrate', async () => {
    const openUnmigrated = () => createSqliteStore({ path, migrate: false });
    const older = {
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/older schema \(0;.*context-store migrate/) as string,
    };
    await expect(openUnmigrated()).rejects.toMatchObject(older);
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, '');
    await expect(openUnmigrated()).rejects.toMatchObject(older);
    expect(await migrateSqlite(path)).toEqual({ from: 0, to: migrations.length });
    expect(await migrateSqlite(path)).toEqual({ from: migrations.length, to: migrations.length });
    await (await openUnmigrated()).close();
  });

  it('always migrates a database in memory', async () => {
    const store = await createSqliteStore({ path: ':memory:', migrate: false });
    await expect(store.ping()).resolves.toBeUndefined();
    await store.close();
  });

  it('makes every commit wait for the disk', async () => {
    const connection = await openConnection(path, Date.now, 0);
    const read = (pragma: string): unknown =>
      connection.prepare(() => ({ compile: () => sql.raw(`pragma ${pragma}`).compile(db) })).get({});
    expect(read('journal_mode')).toEqual({ journal_mode: 'wal' });
    expect(read('synchronous')).toEqual({ synchronous: 2 });
    expect(read('foreign_keys')).toEqual({ foreign_keys: 1 });
    connection.close();
  });

  it('takes no lock and writes nothing when it is up to date', async () => {
    await open();
    const other = new Sqlite(path);
    const before = other.pragma('data_version');
    other.exec('begin immediate');
    await open(path, 0);
    other.exec('commit');
    expect(other.pragma('data_version')).toEqual(before);
    other.close();
  });

  it('keeps a file of a newer release as it is', async () => {
    await open();
    const database = new Sqlite(path);
    database.exec(`insert into schema_migrations values (99, 'from the future', 0)`);
    database.close();
    await expectOneLine(path, /newer release.*schema 99.*Upgrade/);
  });

  it('leaves the database of another program alone', async () => {
    const database = new Sqlite(path);
    database.exec('create table notes (id integer)');
    database.close();
    await expectOneLine(path, /belongs to another program/);
  });

  it('refuses a file that is no database', async () => {
    writeFileSync(path, 'not a database, but long enough to be taken for one'.repeat(100));
    await expectOneLine(path, /is not a SQLite database/);
  });

  it('refuses a damaged file, which SQLite does not tell from a broken disk', async () => {
    await open();
    const file = openSync(path, 'r+');
    // Behind the 100 bytes that every database begins with.
    writeSync(file, Buffer.alloc(2000, 0xff), 0, 2000, 100);
    closeSync(file);
    await expectOneLine(path, /the disk reports an error, or the file is damaged/, true);
  });

  it('refuses a place where no file can be', async () => {
    writeFileSync(path, '');
    await expectOneLine(join(path, 'store.db'), /cannot be written/);
    const folder = join(dirname(path), 'folder');
    mkdirSync(folder);
    await expectOneLine(folder, /cannot be opened/);
    await expectOneLine('/proc/no/such/folder/store.db', /cannot be written/);
  });
});
