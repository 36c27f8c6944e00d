import { openContextStore, type ContextStore } from '@org/context-store';
import { createMcpHttpHandler, receiveMessage, type McpHttpHandler } from '@org/mcp';
import {
  createMcpServerFactory,
  createResourceChanges,
  createResources,
  serveOverHttp,
  withNames,
} from '@org/mcp/testing';
import { playSeeds, runsOf, type SeededSearch } from '@org/store-contract';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonText, objectText } from './fuzz/json-texts.js';
import { eventsOf } from './fuzz/http-target.js';

const search: SeededSearch = { variables: 'FUZZ', runs: 300 };

type Members = readonly (readonly [string, string])[];

interface Frame {
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const quoted = (text: string): string => JSON.stringify(text);

/** Calls that succeed, and that are refused by the tool. */
const tools: Readonly<Record<string, string>> = {
  registerSession: '{"agent":"planner","sessionKey":"new"}',
  updateContext: '{"agent":"planner","sessionKey":"work","contextType":"message","content":"x"}',
  getContext: '{"sessionKey":"work"}',
  getBriefing: '{"sessionKey":"none"}',
  listHandoffs: '{"agent":"planner"}',
  listSessions: '{}',
  acceptHandoff: '{"agent":"planner","handoffId":7}',
};

const modernMeta: Members = [
  ['io.modelcontextprotocol/protocolVersion', quoted('2026-07-28')],
  ['io.modelcontextprotocol/clientInfo', '{"name":"fuzz","version":"1"}'],
  ['io.modelcontextprotocol/clientCapabilities', '{}'],
];

/** Sometimes a member more, or another value for one, of those that a part of the message may have. */
const changed = (members: Members, names: readonly string[]): fc.Arbitrary<Members> =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constant(members) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.oneof(fc.constantFrom(...names), fc.string({ maxLength: 5 })), value)
        .map(([name, text]) => [...members.filter(([known]) => known !== name), [name, text] as const]),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(...names).map((name) => members.filter(([known]) => known !== name)),
    },
  );

const value = fc.oneof(
  jsonText.filter((text) => text.length < 1000),
  fc.constantFrom('1', '"x"', '{}', '[]', 'null', '{"name":"a"}', '{"name":"a","version":"1","icons":[]}', '{"ttl":1}'),
);

const metaNames = [
  'progressToken',
  'traceparent',
  'tracestate',
  'baggage',
  'io.modelcontextprotocol/protocolVersion',
  'io.modelcontextprotocol/clientInfo',
  'io.modelcontextprotocol/clientCapabilities',
  'io.modelcontextprotocol/logLevel',
  'io.modelcontextprotocol/related-task',
  'io.modelcontextprotocol/subscriptionId',
];

const versions = [
  '2026-07-28',
  '2025-11-25',
  '2025-06-18',
  '2025-03-26',
  '2024-11-05',
  '1',
  '',
  ' 2025-11-25',
  '2025-11-25, 2025-11-25',
];
const oddHeader = fc.oneof(
  fc.tuple(fc.constant('mcp-protocol-version'), fc.constantFrom(...versions)),
  fc.tuple(fc.constant('mcp-method'), fc.constantFrom('tools/call', 'tools/list', '', ' tools/call ', 'TOOLS/CALL')),
  fc.tuple(fc.constant('mcp-name'), fc.constantFrom('listSessions', 'getContext', '', '=?base64?bGlzdFNlc3Npb25z?=')),
  fc.tuple(
    fc.constantFrom(
      'mcp-session-id',
      'last-event-id',
      'context-project',
      'mcp-param-agent',
      'mcp-param-sessionKey',
      'traceparent',
    ),
    fc.constantFrom('x', '', '=?base64?eA==?=', '=?base64?!?='),
  ),
  fc.tuple(fc.constant('content-type'), fc.constantFrom('application/json; charset=utf-8', 'Application/JSON')),
  fc.tuple(
    fc.constant('accept'),
    fc.constantFrom('text/event-stream, application/json', 'application/json;q=0.5, text/event-stream'),
  ),
);

const frame: fc.Arbitrary<Frame> = fc
  .tuple(fc.constantFrom('legacy', 'modern'), fc.constantFrom(...Object.keys(tools)))
  .chain(([era, tool]) => {
    const isModern = era === 'modern';
    const meta = changed(isModern ? modernMeta : [], metaNames).map(objectText);
    const params = meta.chain((metaText) =>
      changed(
        [
          ['name', quoted(tool)],
          ['arguments', tools[tool] ?? '{}'],
          ...(isModern || metaText !== '{}' ? [['_meta', metaText] as const] : []),
        ],
        ['name', 'arguments', '_meta', 'task', 'inputResponses', 'requestState', '__proto__'],
      ).map(objectText),
    );
    const message = params.chain((paramsText) =>
      changed(
        [
          ['jsonrpc', '"2.0"'],
          ['id', '7'],
          ['method', '"tools/call"'],
          ['params', paramsText],
        ],
        ['jsonrpc', 'id', 'method', 'params', 'result', 'error', '__proto__'],
      ).map(objectText),
    );
    const usual = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(isModern && { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool }),
    };
    const odd = fc.oneof(
      { weight: 5, arbitrary: fc.constant<[string, string][]>([]) },
      { weight: 2, arbitrary: fc.array(oddHeader, { maxLength: 2 }) },
    );
    return fc
      .tuple(message, odd)
      .map(([text, headers]) => ({ text, headers: { ...usual, ...Object.fromEntries(headers) } }));
  });

async function openStore(): Promise<ContextStore> {
  const contextStore = await openContextStore({ database: 'sqlite::memory:' });
  await contextStore.registerSession({ sessionKey: 'work', agent: 'planner' });
  return contextStore;
}

const caller = () => ({ requestId: 'r-1' });

function withoutPlainCalls(contextStore: ContextStore): Omit<McpHttpHandler, 'refuse'> {
  const resourceChanges = createResourceChanges({
    contextStore,
    resources: createResources(contextStore, undefined),
    gatherMs: undefined,
  });
  return serveOverHttp(createMcpServerFactory({ contextStore, version: '1', caller: withNames(caller) }), {
    resourceChanges,
  });
}

/** Removes what differs between any two stores: times and random names. */
const sameEverywhere = (text: string): string =>
  text
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'time')
    .replaceAll(/\bs-[a-z2-9]{16}/g, 's-')
    .replaceAll(/(cursor\W+)[\w-]{20,}/gi, '$1');

/** The answer as clients read it. The SDK sends some answers as a stream of one event. */
async function answerOf(
  handler: Pick<McpHttpHandler, 'fetch'>,
  { headers, text }: Frame,
): Promise<[status: number, body: string]> {
  const request = new Request('http://localhost/mcp', { method: 'POST', headers, body: text });
  const message = receiveMessage(Buffer.from(text));
  if (message.kind === 'refused') return [400, message.refusal.message];
  const response = await handler.fetch(request, { message, requestId: 'r-1' });
  const body = sameEverywhere(await response.text());
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  return [
    response.status,
    isStream
      ? eventsOf(body)
          .filter((event) => event !== undefined)
          .map((event) => JSON.stringify(event))
          .join('\n')
      : body,
  ];
}

it('a call is answered the same, whether the SDK serves it or not', { timeout: 60_000 + runsOf(search) * 50 }, () =>
  playSeeds(search, async ({ seed, runs }) => {
    const stores = await Promise.all([openStore(), openStore()]);
    const ours = createMcpHttpHandler({ contextStore: stores[0], version: '1', caller });
    const theirs = withoutPlainCalls(stores[1]);
    const counts = { served: 0, refused: 0 };
    const property = fc.asyncProperty(frame, async (sent) => {
      const [status, body] = await answerOf(ours, sent);
      expect([status, body]).toEqual(await answerOf(theirs, sent));
      counts[body.includes('"result"') ? 'served' : 'refused'] += 1;
    });
    await fc.assert(property, { numRuns: runs, seed });
    expect(Math.min(counts.served, counts.refused)).toBeGreaterThan(runs / 10);
    await Promise.all([ours.close(), theirs.close(), ...stores.map((store) => store.close())]);
  }),
);
