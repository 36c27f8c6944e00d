import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openContextStore } from '../src/index.js';
import { runContextStore } from './context-store-command.js';

let database: TemporaryDatabase;
beforeEach(async () => {
  database = await temporaryDatabase();
});
afterEach(() => database.drop());

it('keeps recorded data for the process that opens the database next', async () => {
  const first = await openContextStore({ database: database.url, agent: 'planner' });
  await first.registerSession({ sessionKey: 'work' });
  await first.updateContext({ sessionKey: 'work', contextType: 'message', content: 'Decided.' });
  await first.close();
  const second = await openContextStore({ database: database.url, migrate: false });
  expect(await second.getContext({ sessionKey: 'work' })).toMatchObject({ entries: [{ content: 'Decided.' }] });
  await second.close();
});

it('passes its settings on', async () => {
  const contextStore = await openContextStore({
    database: database.url,
    agent: 'planner',
    postgres: { poolSize: 1, maxWaiting: 0, statementTimeoutMs: 1234, transactionPooler: true },
  });
  const calls = Array.from({ length: 5 }, () => contextStore.listSessions({}));
  const answers = await Promise.allSettled(calls);
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect(answers.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'OVERLOADED' } });
  await contextStore.close();
});

it.each(['connectTimeoutMs', 'statementTimeoutMs', 'idleInTransactionTimeoutMs'])(
  'refuses %s that no timer can be set to',
  async (name) => {
    const opening = (ms: number) => openContextStore({ database: database.url, postgres: { [name]: ms } });
    await expect(opening(2 ** 31)).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      details: { issues: [{ path: `postgres.${name}` }] },
    });
    await (await opening(2 ** 31 - 1)).close();
  },
);

it('is migrated by context-store migrate, which says so in one line', async () => {
  const { host, pathname } = new URL(database.url);
  const migrate = () => runContextStore(['migrate'], { DATABASE_URL: database.url });
  const place = `context-store: PostgreSQL at ${host}${pathname}`;
  const { code, stdout, stderr } = await migrate();
  const [, version = ''] = /: migrated from schema 0 to (\d+)\n$/.exec(stdout) ?? [];
  expect({ code, stdout, stderr }).toEqual({
    code: 0,
    stdout: `${place}: migrated from schema 0 to ${version}\n`,
    stderr: '',
  });
  expect((await migrate()).stdout).toBe(`${place}: already at schema ${version}\n`);
});
