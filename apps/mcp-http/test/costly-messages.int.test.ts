import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { noTelemetry, openContextStore, type ContextStore } from '@org/context-store';
import { createMcpHttpHandler, maxMessageBytes, type McpHttpHandler } from '@org/mcp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApp } from '../src/app.js';
import { openHttpServer, type HttpServer } from '../src/http-server.js';
import { createMessageServer } from '../src/serve-message.js';

/** Of this many, a list has several times the values that are let in. */
const bytes = 600_000;
const faults: unknown[] = [];
let contextStore: ContextStore;
let handler: McpHttpHandler;
let server: HttpServer;
beforeAll(async () => {
  contextStore = await openContextStore({ database: 'sqlite::memory:' });
  await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
  handler = createMcpHttpHandler({ contextStore, version: '1', onError: (error) => faults.push(error) });
  const serveMessage = createMessageServer({
    handler,
    telemetry: noTelemetry,
    maxRequestBytes: maxMessageBytes(1024 * 1024),
    maxConcurrentCalls: 1,
    maxQueuedCalls: 0,
    maxWaitingCalls: 1,
  });
  const app = createApp({
    service: Promise.resolve({ serveMessage, contextStore }),
    allowedHosts: ['127.0.0.1'],
    allowedOrigins: [],
    localOriginHosts: [],
    isStopping: () => false,
    onError: (error) => faults.push(error),
  });
  server = await openHttpServer({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await server.drain(1000);
  await handler.close();
  await contextStore.close();
});

/** As many pieces as make up the size. */
const filled = (piece: (index: number) => string): string => {
  const pieces: string[] = [];
  for (let length = 0; length < bytes; length += (pieces.at(-1)?.length ?? 0) + 1) pieces.push(piece(pieces.length));
  return pieces.join(',');
};

const shapes: Readonly<Record<string, () => string>> = {
  'a long text': () => `"${'x'.repeat(bytes)}"`,
  'a text of spaces': () => `"${' '.repeat(bytes)}x"`,
  'a text of hyphens': () => `"${'a-'.repeat(bytes / 2)}!"`,
  'a text of emoji': () => `"${'😀'.repeat(bytes / 4)}"`,
  'a text of quotes': () => `"${String.raw`\"`.repeat(bytes / 2)}"`,
  'a text of NULs': () => `"${String.raw`\u0000`.repeat(bytes / 6)}"`,
  'a text of surrogates': () => `"${String.raw`\ud800`.repeat(bytes / 6)}"`,
  'a text with a surrogate at its end': () => `"${'x'.repeat(bytes)}${String.raw`\ud800`}"`,
  'a number of many digits': () => '1'.repeat(bytes),
  'a fraction of many digits': () => `0.${'1'.repeat(bytes)}`,
  'a list of numbers': () => `[${filled(() => '0')}]`,
  'a list of names': () => `[${filled((index) => `"r${index}"`)}]`,
  'a list of one name': () => `[${filled(() => '"file"')}]`,
  'a list of bad names': () => `[${filled(() => '"!"')}]`,
  'a list of lists': () => `[${filled(() => '[]')}]`,
  'a list of objects': () => `[${filled(() => '{}')}]`,
  'a list of objects with __proto__': () => `[${filled(() => '{"__proto__":0}')}]`,
  'many names': () => `{${filled((index) => `"k${index}":0`)}}`,
  'many names of objects': () => `{${filled((index) => `"k${index}":{}`)}}`,
  'many indices': () => `{${filled((index) => `"${index}":0`)}}`,
  'one name many times': () => `{${filled(() => '"k":0')}}`,
  'one long name': () => `{"${'k'.repeat(bytes)}":0}`,
  'many long names': () => `{${filled((index) => `"${'k'.repeat(5000)}${index}":0`)}}`,
  'lists in each other': () => '['.repeat(bytes / 2) + ']'.repeat(bytes / 2),
  'objects in each other': () => `${'{"a":'.repeat(bytes / 6)}0${'}'.repeat(bytes / 6)}`,
  'a cursor full of values': () =>
    `"${Buffer.from(`[${filled(() => '0').slice(0, (bytes * 3) / 4)}]`).toString('base64url')}"`,
};

/** Where a shape stands in a call: at each kind of argument, at what is none, and beside the arguments. */
const places: readonly [tool: string, params: (shape: string) => string][] = [
  ['updateContext', (shape) => `"arguments":{"sessionKey":${shape}}`],
  [
    'updateContext',
    (shape) => `"arguments":{"sessionKey":"work","contextType":"file","content":"x","metadata":${shape}}`,
  ],
  ['requestHandoff', (shape) => `"arguments":{"agent":${shape},"requestData":{"a":${shape.slice(0, bytes / 8)}}}`],
  ['getContext', (shape) => `"arguments":{"sessionKey":"work","types":${shape}}`],
  ['getContext', (shape) => `"arguments":{"sessionKey":"work","cursor":${shape}}`],
  ['listHandoffs', (shape) => `"arguments":{"agent":"planner","roles":${shape}}`],
  ['listHandoffs', (shape) => `"arguments":{"agent":"planner","waitSeconds":${shape}}`],
  ['listSessions', (shape) => `"arguments":{"limit":${shape}}`],
  ['acceptHandoff', (shape) => `"arguments":{"unknown":${shape}}`],
  ['getBriefing', (shape) => `"arguments":${shape}`],
  ['resolveHandoff', (shape) => `"arguments":${shape},"_meta":{"progressToken":1}`],
  ['updateSession', (shape) => `"_meta":${shape}`],
  ['registerSession', (shape) => `"arguments":{},"_meta":{"progressToken":${shape}}`],
];

const callOf = (tool: string, params: string): Buffer =>
  Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}",${params}}}`);
/** One string, and as many bytes. It names no agent, so nothing is stored. */
const legal = callOf(
  'updateContext',
  `"arguments":{"sessionKey":"work","contextType":"file","content":"${String.raw`\u0041`.repeat(bytes / 6)}"}`,
);

/** How many times as much work as the legal one. */
const most = 3;

async function cpuMsOf(body: Buffer): Promise<{ readonly cpuMs: number; readonly answer: string }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const before = process.cpuUsage();
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = httpRequest(`${server.url}/mcp`, { method: 'POST', headers, agent: false });
    sent
      .on('response', (response) => resolve(text(response)))
      .on('error', reject)
      .end(body);
  });
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, answer };
}

it('spends on no message much more than on a valid one with one string of that length, and answers it shortly', async () => {
  await cpuMsOf(legal);
  const dear: string[] = [];
  for (const [shape, make] of Object.entries(shapes)) {
    const made = make();
    let { cpuMs: legalMs } = await cpuMsOf(legal);
    for (const [tool, params] of places) {
      const body = callOf(tool, params(made));
      let { cpuMs, answer } = await cpuMsOf(body);
      expect(answer.length).toBeLessThan(10_000);
      // What else the machine does can make it look dear, but not each time.
      for (let again = 0; again < 5 && cpuMs > most * legalMs; again += 1) {
        ({ cpuMs: legalMs } = await cpuMsOf(legal));
        ({ cpuMs } = await cpuMsOf(body));
      }
      if (cpuMs > most * legalMs) dear.push(`${tool} with ${shape}: ${(cpuMs / legalMs).toFixed(1)}`);
    }
  }
  expect(dear).toEqual([]);
  expect(faults).toEqual([]);
}, 120_000);

it('serves a message with an id of a thousand characters, and none with more: every answer repeats it', async () => {
  const withId = (length: number): Buffer =>
    Buffer.from(JSON.stringify({ jsonrpc: '2.0', id: 'i'.repeat(length), method: 'ping' }));
  expect((await cpuMsOf(withId(1000))).answer).toContain(`"id":"${'i'.repeat(1000)}"`);
  expect(JSON.parse((await cpuMsOf(withId(1001))).answer)).toMatchObject({ id: null, error: { code: -32_600 } });
});
