import { within } from '@org/redis-connection/within';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockSessions, untilStatementWaits } from './locked-session.js';
import { HttpServerProcess } from '../support/mcp-http.js';
import { callTool } from '../support/tool-call.js';

let database: TemporaryDatabase;
let server: HttpServerProcess;
beforeEach(async () => {
  database = await temporaryDatabase();
  server = await HttpServerProcess.start({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: '2' });
  await callTool(server.mcp, 'registerSession');
});
afterEach(async () => {
  server.child.kill('SIGKILL');
  await server.finished;
  await database.drop();
});

const keyed = { contextType: 'message', content: 'text', idempotencyKey: 'key' };

it(
  'answers an append whose lock is not released with what is known about it, and stops',
  { timeout: 90_000 },
  async () => {
    const release = await lockSessions(database);
    const answer = callTool(server.mcp, 'updateContext', keyed);
    await untilStatementWaits(database);
    // Supervisors kill a process after ten seconds.
    const stopped = within(10_000, server.stop());
    expect((await answer).text).toMatch(/STORE_UNAVAILABLE.*repeat it with the same idempotencyKey/);
    expect(await stopped).toMatchObject({ code: 0 });
    await release();
    server = await HttpServerProcess.start({ DATABASE_URL: database.url });
    expect((await callTool(server.mcp, 'updateContext', keyed)).text).toContain('"sequence":1');
    expect(await database.query(`select sequence from context_history`)).toEqual([{ sequence: '1' }]);
  },
);

it('serves calls on two connections while 200 others wait', { timeout: 90_000 }, async () => {
  const waiting = Array.from({ length: 200 }, (_, index) =>
    callTool(server.mcp, 'listHandoffs', { sessionKey: undefined, agent: `waiter-${index}`, waitSeconds: 45 }),
  );
  for (let turn = 1; turn <= 20; turn += 1) {
    const { text } = await callTool(server.mcp, 'updateContext', { contextType: 'message', content: 'text' });
    expect(text).toContain(`"sequence":${turn}`);
  }
  const offer = { requestType: 'context_transfer', summary: 'Go on.' };
  for (const index of waiting.keys()) {
    await callTool(server.mcp, 'requestHandoff', { ...offer, targetAgent: `waiter-${index}` });
  }
  for (const [index, answer] of waiting.entries()) {
    expect((await answer).text).toContain(`"targetAgent":"waiter-${index}"`);
  }
});
