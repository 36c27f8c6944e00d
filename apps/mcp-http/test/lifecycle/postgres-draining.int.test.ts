import { setTimeout } from 'node:timers/promises';
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

async function refusesConnections(): Promise<void> {
  const probe = (): Promise<string> =>
    fetch(`${server.url}/ready`).then(
      () => 'answers',
      () => 'refuses',
    );
  await expect.poll(probe, { interval: 20 }).toBe('refuses');
}

it('answers an append that waits for a lock while it stops, and takes no new calls', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed);
  await untilStatementWaits(database);
  const stopped = server.stop();
  await refusesConnections();
  await release();
  expect((await answer).text).toContain('"sequence":1');
  expect(await stopped).toMatchObject({ code: 0, stderr: '' });
});

it('still answers calls after two signals at once, as npm sends them at a Ctrl-C', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed);
  await untilStatementWaits(database);
  // The system may deliver the same signal only once.
  const stopped = [server.stop('SIGINT'), server.stop('SIGTERM')];
  await refusesConnections();
  await release();
  expect((await answer).text).toContain('"sequence":1');
  for (const { code } of await Promise.all(stopped)) expect(code).toBe(0);
});

it('ends at once after a second signal', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed).catch(() => 'cut off');
  await untilStatementWaits(database);
  const stopped = server.stop();
  await refusesConnections();
  // A signal that comes sooner counts as the same Ctrl-C.
  await setTimeout(600);
  expect(await server.stop('SIGINT')).toMatchObject({ code: 1 });
  expect(await answer).toBe('cut off');
  await stopped;
  await release();
});

it('keeps serving for DRAIN_DELAY_SECONDS, so that load balancers notice', async () => {
  const balanced = await HttpServerProcess.start({ DATABASE_URL: database.url, DRAIN_DELAY_SECONDS: '3' });
  const ready = (): Promise<number> => fetch(`${balanced.url}/ready`).then(({ status }) => status);
  expect(await ready()).toBe(200);
  const stopped = balanced.stop();
  await expect.poll(ready, { interval: 20 }).toBe(503);
  const { text, headers } = await callTool(balanced.mcp, 'updateContext', keyed);
  expect(text).toContain('"sequence":1');
  expect(headers.get('connection')).toBe('close');
  expect(await stopped).toMatchObject({ code: 0, stderr: '' });
});
