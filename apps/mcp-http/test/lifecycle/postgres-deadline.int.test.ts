import { setTimeout as sleep } from 'node:timers/promises';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientKinds, connect, HttpServerProcess } from '../support/mcp-http.js';

let database: TemporaryDatabase;
let server: HttpServerProcess;
beforeAll(async () => {
  database = await temporaryDatabase();
  server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    DATABASE_STATEMENT_TIMEOUT_MS: '600000',
    REQUEST_TIMEOUT_SECONDS: '1',
  });
});
afterAll(async () => {
  await server.stop();
  await database.drop();
});

it('answers every kind of client in time while the database hangs, and writes a retry with the same key once', async () => {
  const clients = await Promise.all(clientKinds.map((kind) => connect(kind, 'planner', server.mcp)));
  const [first] = clients;
  await first?.callTool({ name: 'registerSession', arguments: { sessionKey: 'work', agent: 'planner' } });
  // Opens the connections, so that the first appends reach the database within their second.
  await Promise.all(clients.map((client) => client.callTool({ name: 'listSessions', arguments: {} })));
  const append = (idempotencyKey: string) => ({
    name: 'updateContext',
    arguments: { sessionKey: 'work', agent: 'planner', contextType: 'message', content: 'x', idempotencyKey },
  });
  const appendAll = (): Promise<unknown[]> =>
    Promise.all(clients.map((client, index) => client.callTool(append(`key-${index}`))));

  // This statement holds the lock until it ends or is cancelled.
  const locked = database.query(`do $$ begin perform from sessions for update; perform pg_sleep(60); end $$`);
  const unlocked = locked.catch((error: unknown) => String(error));
  await expect
    .poll(() =>
      database.query(`select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`),
    )
    .toHaveLength(1);
  for (const answer of await appendAll()) {
    expect(answer).toMatchObject({
      isError: true,
      structuredContent: {
        code: 'STORE_UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining('same idempotencyKey') as string,
      },
    });
  }
  // The lock is still held, so the statements that waited for it have been cancelled.
  await expect
    .poll(() =>
      database.query(
        `select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      ),
    )
    .toEqual([]);
  await database.query(
    `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
  );
  expect(await unlocked).toContain('canceling');
  await expect
    .poll(async () => {
      await sleep(100);
      return appendAll();
    })
    .toMatchObject(clients.map(() => ({ structuredContent: { sequence: expect.any(Number) as number } })));
  expect(await database.query('select count(*)::int from context_history')).toEqual([{ count: clients.length }]);
  await Promise.all(clients.map((client) => client.close()));
});
