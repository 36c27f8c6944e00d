import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runContextStore } from './context-store-command.js';

it('migrates a database, and says so in one line', async () => {
  const database = await temporaryDatabase();
  onTestFinished(() => database.drop());
  const { host, pathname } = new URL(database.url);
  const migrate = () => runContextStore(['migrate'], { DATABASE_URL: database.url });
  expect(await migrate()).toEqual({
    code: 0,
    stdout: `context-store: PostgreSQL at ${host}${pathname}: migrated from schema 0 to 1\n`,
    stderr: '',
  });
  expect((await migrate()).stdout).toBe(`context-store: PostgreSQL at ${host}${pathname}: already at schema 1\n`);
});
