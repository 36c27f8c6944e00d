import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { runContextStore } from './context-store-command.js';

it('migrates a database, and says so in one line', async () => {
  const database = await temporaryDatabase();
  onTestFinished(() => database.drop());
  const { host, pathname } = new URL(database.url);
  const migrate = () => runContextStore(['migrate'], { DATABASE_URL: database.url });
  const { code, stdout, stderr } = await migrate();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const place = `context-store: PostgreSQL at ${host}${pathname}`;
  const [, version] = /^(?:.*): migrated from schema 0 to (\d+)\n$/.exec(stdout) ?? [];
  expect(stdout).toBe(`${place}: migrated from schema 0 to ${version}\n`);
  expect((await migrate()).stdout).toBe(`${place}: already at schema ${version}\n`);
});
