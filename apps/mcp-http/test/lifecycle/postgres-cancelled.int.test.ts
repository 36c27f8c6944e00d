import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';
import { scrape } from '@org/telemetry-otel/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockSessions, untilStatementWaits } from './locked-session.js';
import { HttpServerProcess } from '../support/mcp-http.js';
import { callTool } from '../support/tool-call.js';

let database: TemporaryDatabase;
let server: HttpServerProcess;
let metrics: string;
beforeEach(async () => {
  database = await temporaryDatabase();
  const port = await unusedPort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  server = await HttpServerProcess.start({
    DATABASE_URL: database.url,
    DATABASE_POOL_SIZE: '1',
    MAX_CONCURRENT_CALLS: '2',
    METRICS_PORT: `${port}`,
  });
});
afterEach(async () => {
  await server.stop();
  await database.drop();
});

/** Calls a tool as a client that can disconnect. */
function callToLeave(name: string): { readonly leave: () => Promise<void> } {
  const leaving = new AbortController();
  const answered = fetch(server.mcp, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name, arguments: { sessionKey: name === 'getContext' ? 'work' : undefined } },
    }),
    signal: leaving.signal,
  });
  const end = answered.then(String, String);
  return {
    leave: async () => {
      leaving.abort();
      expect(await end).toContain('AbortError');
    },
  };
}

it('counts calls whose clients left while they waited for a slot or for the database as cancelled', async () => {
  await callTool(server.mcp, 'registerSession');
  const unlock = await lockSessions(database);
  const append = callTool(server.mcp, 'updateContext', { contextType: 'message', content: 'x' });
  await untilStatementWaits(database);
  const state = async (): Promise<unknown> => {
    const { value } = await scrape(metrics);
    const open = (name: string): number | undefined => value('http_requests_open', { state: name });
    return { served: open('served'), queued: open('queued'), forConnection: value('db_pool_waiting') };
  };
  const reading = callToLeave('getContext');
  await expect.poll(state).toEqual({ served: 2, queued: 0, forConnection: 1 });
  const queued = callToLeave('listSessions');
  await expect.poll(state).toEqual({ served: 2, queued: 1, forConnection: 1 });
  await queued.leave();
  await expect.poll(state).toEqual({ served: 2, queued: 0, forConnection: 1 });
  await reading.leave();
  await expect.poll(state).toEqual({ served: 1, queued: 0, forConnection: 0 });
  await unlock();
  expect((await append).text).toContain('"sequence":1');

  const { value, samples } = await scrape(metrics);
  expect(
    samples
      .filter(({ name }) => name === 'tool_errors_total')
      .map(({ labels, value: times }) => `${labels['tool']} ${labels['kind']} ${labels['code']} ${times}`)
      .toSorted(),
  ).toEqual(['getContext cancelled CANCELLED 1', 'listSessions cancelled CANCELLED 1']);
  for (const tool of ['getContext', 'listSessions']) {
    expect(value('tool_duration_ms_count', { tool, outcome: 'cancelled', waits: 'false' })).toBe(1);
  }
  expect(value('error_rate')).toBe(0);
  expect(samples.filter(({ name }) => name === 'http_requests_refused_total')).toEqual([]);
  // The log does not report an overload either.
  expect(server.log.filter(({ level }) => level !== 'info')).toEqual([]);
});
