import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runContextStore } from './context-store-command.js';

it('migrates a database, and says so in one line', async () => {
  const database = await temporaryDatabase();
  onTestFinished(() => database.drop());
  const { host, pathname } = new URL(database.url);
  const migrate = () => runContextStore(['migrate'], { DATABASE_URL: database.url });
  const { code, stdout, stderr } = await migrate();
  const [, version = ''] = /: migrated from schema 0 to (\d+)\n$/.exec(stdout) ?? [];
  const name = `context-store: PostgreSQL at ${host}${pathname}`;
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: `${name}: migrated from schema 0 to ${version}\n`,
    stderr: '',
  });
  expect((await migrate()).stdout).toBe(`${name}: already at schema ${version}\n`);
});
