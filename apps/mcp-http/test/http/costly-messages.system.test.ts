import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { openContextStore, type ContextStore } from '@org/context-store';
import { maxMessageBytes } from '@org/mcp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { serveInProcess, type InProcessServer } from './serve-in-process.js';

/** A list of this size has several times as many values as a message may have. */
const bytes = 600_000;
const faults: unknown[] = [];
let contextStore: ContextStore;
let server: InProcessServer;
beforeAll(async () => {
  contextStore = await openContextStore({ database: 'sqlite::memory:' });
  await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
  const onError = (error: unknown): void => void faults.push(error);
  server = await serveInProcess(contextStore, {
    mcp: { onError },
    onAppError: onError,
    maxRequestBytes: maxMessageBytes(1024 * 1024),
    maxConcurrentCalls: 1,
    maxQueuedCalls: 0,
    maxWaitingCalls: 1,
  });
});
afterAll(async () => {
  await server.close();
  await contextStore.close();
});

/** Joins as many pieces as are needed for the size. */
const filled = (piece: (index: number) => string): string => {
  const pieces: string[] = [];
  for (let length = 0; length < bytes; length += (pieces.at(-1)?.length ?? 0) + 1) pieces.push(piece(pieces.length));
  return pieces.join(',');
};

const shapes: Readonly<Record<string, () => string>> = {
  'a long text': () => `"${'x'.repeat(bytes)}"`,
  'a text of spaces': () => `"${' '.repeat(bytes)}x"`,
  'a text of hyphens': () => `"${'a-'.repeat(bytes / 2)}!"`,
  'a run of hyphens in a name': () => `"a${'-'.repeat(bytes)}a"`,
  'a run of spaces in a name': () => `"a${' '.repeat(bytes)}a"`,
  'a text of dots': () => `"${'.'.repeat(bytes)}a"`,
  'a text of slashes': () => `"${'/'.repeat(bytes)}a"`,
  'a text of backticks': () => `"${'`'.repeat(bytes)}a"`,
  'a text of percent signs': () => `"${'%41'.repeat(bytes / 3)}%"`,
  'a text of braces': () => `"${'{a'.repeat(bytes / 2)}"`,
  'a text of commas': () => `"${', '.repeat(bytes / 2)}"`,
  'a text of beginnings of tokens': () => `"${'eyJ-'.repeat(bytes / 4)}"`,
  'a URI of a long name': () => `"handoff://sessions/a${'-'.repeat(bytes)}!"`,
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

interface Message {
  readonly body: Buffer;
  /** The headers of the modern era. Undefined in the legacy era. */
  readonly headers?: Readonly<Record<string, string>>;
}

const messageOf = (method: string, params: string, id = '1'): Message => ({
  body: Buffer.from(`{"jsonrpc":"2.0","id":${id},"method":"${method}","params":{${params}}}`),
});
const callOf = (tool: string, params: string): Message => messageOf('tools/call', `"name":"${tool}",${params}`);

const meta = 'io.modelcontextprotocol/';
/** A message of the modern era, which has the client's name. */
const modern = (method: string, params: string, clientName = '"client"', name?: string): Message => ({
  ...messageOf(
    method,
    `${params},"_meta":{"${meta}protocolVersion":"2026-07-28","${meta}clientInfo":{"name":${clientName},"version":"1"},"${meta}clientCapabilities":{}}`,
  ),
  headers: {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(name !== undefined && { 'mcp-name': name }),
  },
});

/** Where a shape stands in a message: in each kind of argument, in an unknown argument, and outside of the arguments. */
const places: Readonly<Record<string, (shape: string) => Message>> = {
  'sessionKey of updateContext': (shape) => callOf('updateContext', `"arguments":{"sessionKey":${shape}}`),
  'metadata of updateContext': (shape) =>
    callOf('updateContext', `"arguments":{"sessionKey":"work","contextType":"file","content":"x","metadata":${shape}}`),
  'arguments of requestHandoff': (shape) =>
    callOf(
      'requestHandoff',
      `"arguments":{"agent":${shape},"targetAgent":${shape},"requestData":{"a":${shape.slice(0, bytes / 8)}}}`,
    ),
  'idempotencyKey of requestHandoff': (shape) =>
    callOf(
      'requestHandoff',
      `"arguments":{"agent":"planner","sessionKey":"work","requestType":"collaboration","summary":${shape},"idempotencyKey":${shape}}`,
    ),
  'types of getContext': (shape) => callOf('getContext', `"arguments":{"sessionKey":"work","types":${shape}}`),
  'cursor of getContext': (shape) => callOf('getContext', `"arguments":{"sessionKey":"work","cursor":${shape}}`),
  'roles of listHandoffs': (shape) => callOf('listHandoffs', `"arguments":{"agent":"planner","roles":${shape}}`),
  'waitSeconds of listHandoffs': (shape) =>
    callOf('listHandoffs', `"arguments":{"agent":"planner","waitSeconds":${shape}}`),
  'limit of listSessions': (shape) => callOf('listSessions', `"arguments":{"limit":${shape}}`),
  'what is no argument': (shape) => callOf('acceptHandoff', `"arguments":{"unknown":${shape}}`),
  arguments: (shape) => callOf('getBriefing', `"arguments":${shape}`),
  'arguments beside a progress token': (shape) =>
    callOf('resolveHandoff', `"arguments":${shape},"_meta":{"progressToken":1}`),
  _meta: (shape) => callOf('updateSession', `"_meta":${shape}`),
  progressToken: (shape) => callOf('registerSession', `"arguments":{},"_meta":{"progressToken":${shape}}`),
  'trace context': (shape) =>
    callOf('listSessions', `"arguments":{},"_meta":{"traceparent":${shape},"tracestate":${shape}}`),
  'name of a tool': (shape) => messageOf('tools/call', `"name":${shape},"arguments":{}`),
  'id of a message': (shape) => messageOf('ping', '', shape),
  method: (shape) => ({ body: Buffer.from(`{"jsonrpc":"2.0","id":1,"method":${shape}}`) }),
  'name of a client at initialize': (shape) =>
    messageOf(
      'initialize',
      `"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":${shape},"version":"1"}`,
    ),
  'name of a client in a call': (shape) =>
    modern('tools/call', '"name":"listHandoffs","arguments":{}', shape, 'listHandoffs'),
  'name of a client in a list': (shape) => modern('resources/list', '"cursor":"x"', shape),
  'URI of a resource': (shape) => messageOf('resources/read', `"uri":${shape}`),
  'URIs of a subscription': (shape) =>
    modern('subscriptions/listen', `"notifications":{"resourceSubscriptions":${shape}}`),
  'URI of a subscription': (shape) =>
    modern('subscriptions/listen', `"notifications":{"resourceSubscriptions":[${shape}]}`),
  'name of a prompt': (shape) => messageOf('prompts/get', `"name":${shape}`),
  'argument of a prompt': (shape) => messageOf('prompts/get', `"name":"resume","arguments":{"sessionKey":${shape}}`),
  'value to complete': (shape) =>
    messageOf(
      'completion/complete',
      `"ref":{"type":"ref/resource","uri":"handoff://summary/{sessionKey}"},"argument":{"name":"sessionKey","value":${shape}}`,
    ),
  'template to complete': (shape) =>
    messageOf(
      'completion/complete',
      `"ref":{"type":"ref/resource","uri":${shape}},"argument":{"name":"sessionKey","value":"a"}`,
    ),
};

/** A valid call of the same size with one string. It names no agent, so nothing is stored. */
const legal = callOf(
  'updateContext',
  `"arguments":{"sessionKey":"work","contextType":"file","content":"${String.raw`\u0041`.repeat(bytes / 6)}"}`,
);

/** The maximum cost, as a multiple of the legal call's for as many bytes. */
const most = 3;

async function cpuMsOf({ body, headers }: Message): Promise<{ readonly cpuMs: number; readonly answer: string }> {
  const usual = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const before = process.cpuUsage();
  const answer = await new Promise<string>((resolve, reject) => {
    const sent = httpRequest(`${server.url}/mcp`, { method: 'POST', headers: { ...usual, ...headers }, agent: false });
    sent
      .on('response', (response) => resolve(text(response)))
      .on('error', reject)
      .end(body);
  });
  const { user, system } = process.cpuUsage(before);
  return { cpuMs: (user + system) / 1000, answer };
}

/** Measures the cost of a message as a multiple of the legal call's. Retries, because other load can disturb a measurement. */
async function costOf(message: Message): Promise<{ readonly cost: number; readonly answerBytes: number }> {
  let [cost, answerBytes] = [Infinity, 0];
  for (let tries = 0; tries < 6 && cost > most; tries += 1) {
    const { cpuMs: legalMs } = await cpuMsOf(legal);
    const { cpuMs, answer } = await cpuMsOf(message);
    answerBytes = Buffer.byteLength(answer);
    cost = cpuMs / legalMs / Math.max(1, message.body.length / legal.body.length);
  }
  return { cost, answerBytes };
}

it('spends on no message much more than on a valid one of the same size, and answers it with few bytes', async () => {
  await cpuMsOf(legal);
  const dear: string[] = [];
  for (const [shape, make] of Object.entries(shapes)) {
    const made = make();
    for (const [place, messageWith] of Object.entries(places)) {
      const { cost, answerBytes } = await costOf(messageWith(made));
      if (cost > most) dear.push(`${place}, ${shape}: ${cost.toFixed(1)} times`);
      if (answerBytes > 10_000) dear.push(`${place}, ${shape}: answered by ${answerBytes} bytes`);
    }
  }
  expect(dear).toEqual([]);
  expect(faults).toEqual([]);
}, 240_000);

it('serves a message with an id of a thousand characters, and refuses longer ones, because every answer repeats the id', async () => {
  const withId = (length: number): Message => messageOf('ping', '', JSON.stringify('i'.repeat(length)));
  expect((await cpuMsOf(withId(1000))).answer).toContain(`"id":"${'i'.repeat(1000)}"`);
  expect(JSON.parse((await cpuMsOf(withId(1001))).answer)).toMatchObject({ id: null, error: { code: -32_600 } });
});
