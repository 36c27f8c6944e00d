import { setTimeout } from 'node:timers/promises';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockSessions, untilSomebodyWaits } from './locked-session.js';
import { HttpServerProcess } from './mcp-http.js';
import { callTool } from './tool-call.js';

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

it('told to stop, answers an append that waits for a lock, and takes no new calls meanwhile', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed);
  await untilSomebodyWaits(database);
  const stopped = server.stop();
  await refusesConnections();
  await release();
  expect((await answer).text).toContain('"sequence":1');
  expect(await stopped).toMatchObject({ code: 0, stderr: '' });
});

it('told to stop twice at once, as npm does at a Ctrl-C, still answers', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed);
  await untilSomebodyWaits(database);
  // The same signal twice might arrive as one.
  const stopped = [server.stop('SIGINT'), server.stop('SIGTERM')];
  await refusesConnections();
  await release();
  expect((await answer).text).toContain('"sequence":1');
  for (const { code } of await Promise.all(stopped)) expect(code).toBe(0);
});

it('told to stop once more, ends at once', async () => {
  const release = await lockSessions(database);
  const answer = callTool(server.mcp, 'updateContext', keyed).catch(() => 'cut off');
  await untilSomebodyWaits(database);
  const stopped = server.stop();
  await refusesConnections();
  // Sooner, it would be the same Ctrl-C.
  await setTimeout(600);
  expect(await server.stop('SIGINT')).toMatchObject({ code: 1 });
  expect(await answer).toBe('cut off');
  await stopped;
  await release();
});

it('goes on serving for as long as its balancers need to notice', async () => {
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
