import { identifyDatabase } from '@org/store-kysely/postgres';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

describe('what a PostgreSQL database is', () => {
  let database: TemporaryDatabase;
  beforeEach(async () => {
    database = await temporaryDatabase();
  });
  afterEach(() => database.drop());

  function urlWith(change: (url: URL) => void): string {
    const url = new URL(database.url);
    change(url);
    return url.href;
  }

  it('is the same however it is reached', async () => {
    const names = ['localhost', '127.0.0.1'].map((hostname) => urlWith((url) => Object.assign(url, { hostname })));
    const identities = await Promise.all(names.map((url) => identifyDatabase(url, { transactionPooler: true })));
    identities.push(await identifyDatabase(database.url));
    expect(identities).toEqual(Array.from({ length: 3 }, () => expect.stringMatching(/^\d+\/\d+\/public$/)));
    expect(new Set(identities).size).toBe(1);
  });

  it('is another one for each database, and each schema', async () => {
    const other = await temporaryDatabase();
    await database.query('create schema theirs');
    const theirs = urlWith((url) => url.searchParams.set('options', '-csearch_path=theirs'));
    const identities = await Promise.all([database.url, other.url, theirs].map((url) => identifyDatabase(url)));
    expect(new Set(identities).size).toBe(3);
    await other.drop();
  });

  it('is not known where the user may not ask', async () => {
    const role = `asker_${new URL(database.url).pathname.slice(-20)}`;
    await database.query(`create role ${role} login password 'secret'`);
    await database.query('revoke execute on function pg_control_system() from public');
    const url = urlWith((changed) => Object.assign(changed, { username: role, password: 'secret' }));
    expect(await identifyDatabase(url)).toBeUndefined();
    await database.query(`drop role ${role}`);
  });

  it('is not to be guessed while the database cannot be reached', async () => {
    const gone = urlWith((url) => Object.assign(url, { pathname: '/no_such' }));
    await expect(identifyDatabase(gone)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
