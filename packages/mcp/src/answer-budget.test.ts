import { setTimeout } from 'node:timers/promises';
import type { Client } from '@modelcontextprotocol/client';
import { createContextStore, recordedNote, useCases, type UseCaseName } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { z } from 'zod';
import { call, connect, factoryOver } from '../test/connect.js';
import { tools } from './tools/tools.js';

/** The budget of an answer, unless the call asks for another. Some clients cut answers at three times this. */
const defaultTokens = 8000;

/** The budget of an answer to a change, which repeats little of what the caller has sent. */
const changeTokens = 550;

/** On purpose not the function with which the code under test counts. */
const tokensOf = (text: string): number => new TextEncoder().encode(text).length / 3.5;

const longest = (first: string): string => first.padEnd(128, 'x');
const sessionKey = longest('session');
const owner = longest('owner');
const acceptor = longest('acceptor');

/** Each piece, repeated, costs differently: bytes, JSON escapes, quoted lines, invisible characters. */
const pieces = ['word ', '漢', '🚀', '"', '\n', '\u0001', '\u007f', '\u202e', '`', '> '];
const piece = fc.constantFrom(...pieces);
const textOf = (pieceOf: string, bytes: number): string =>
  `.${pieceOf.repeat(Math.floor((bytes - 1) / new TextEncoder().encode(pieceOf).length))}`;
/** An object with at most this many bytes as JSON. */
const objectOf = (pieceOf: string, bytes: number): Record<string, unknown> => ({
  blob: textOf(pieceOf, Math.floor((bytes - 20) / Math.max(1, JSON.stringify(pieceOf).length / pieceOf.length))),
});

const namespaceArbitrary = fc.record({
  piece,
  /** The share of an argument's maximum size. */
  share: fc.constantFrom(0.001, 0.1, 1),
  participants: fc.constantFrom(0, 3, 128),
  sessions: fc.constantFrom(1, 30),
  handoffs: fc.constantFrom(1, 40),
  pins: fc.constantFrom(0, 20),
  /** The position of the caller's `maxTokens` within the range that a tool allows. */
  asked: fc.double({ min: 0, max: 0.1, noNaN: true }),
});
type Namespace = typeof namespaceArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

it('keeps every answer of every tool, resource, prompt and completion within its budget', async () => {
  await fc.assert(
    fc.asyncProperty(namespaceArbitrary, async (given) => {
      const options = {
        namespace: longest('tenant'),
        project: longest('project'),
        takeOverBy: 'namespace',
        takeOverAfterMs: 1,
      } as const;
      const store = createContextStore({ store: createMemoryStore() }, options);
      const client = await connect(factoryOver(store), 'modern', 'Reader');
      const handoffIds = await fill(client, given);
      await expectReadingsWithin(client);
      await expectCallsWithin(client, given, handoffIds);
      await expectTakeOverWithin(client, given);
    }),
    { numRuns: 12 },
  );
}, 300_000);

it('repeats little of an input that it refuses, however large it was', async () => {
  const client = await connect(factoryOver(createContextStore({ store: createMemoryStore() })), 'modern', 'Reader');
  const huge = textOf('"', 300_000);
  for (const { name, inputSchema } of tools) {
    for (const argument of [...Object.keys(inputSchema.properties ?? {}), huge]) {
      for (const value of [huge, [huge], { [huge]: huge }]) {
        const { isError, text } = await call(client, name as UseCaseName, { [argument]: value });
        expect(isError, `${name} ${argument.slice(0, 20)}`).toBe(true);
        expectWithin(text, 1000, name);
      }
    }
  }
  const uri = `handoff://sessions/${huge}`;
  const refused: Promise<unknown>[] = [
    client.callTool({ name: huge, arguments: {} }),
    client.readResource({ uri }),
    client.readResource({ uri: huge }),
    client.request({ method: 'resources/list', params: { cursor: huge } }),
    client.getPrompt({ name: huge, arguments: {} }),
    client.getPrompt({ name: 'resume', arguments: { [huge]: huge } }),
    client.getPrompt({ name: 'resume', arguments: { sessionKey: huge } }),
    client.complete({ ref: { type: 'ref/resource', uri: huge }, argument: { name: 'sessionKey', value: '' } }),
    client.complete({ ref: { type: 'ref/prompt', name: huge }, argument: { name: 'sessionKey', value: '' } }),
  ];
  for (const [index, answer] of refused.entries()) {
    const error = await answer.then(
      () => expect.unreachable(),
      (reason: Error & { data?: unknown }) => reason,
    );
    expectWithin(JSON.stringify([error.message, error.data]), 1000, `${index}`);
  }
}, 60_000);

/** Records what the case asks for, and checks the answers of these changes too. */
async function fill(client: Client, { piece: of, share, ...counts }: Namespace): Promise<string[]> {
  const object = objectOf(of, 65_536 * share);
  const write = async (name: UseCaseName, args: object): Promise<Record<string, unknown>> => {
    const { isError, text, body } = await call(client, name, { ...args });
    expect(isError, `${name}: ${text}`).toBe(false);
    expectWithin(text, changeTokens, name);
    return body;
  };
  const session = { agent: owner, title: textOf(of, 400 * Math.max(share, 0.01)), metadata: object };
  for (let index = 1; index < counts.sessions; index += 1) {
    await write('registerSession', { ...session, sessionKey: longest(`other-${index}-`) });
  }
  await write('registerSession', { ...session, sessionKey });
  const content = textOf(of, 1_000_000 * share);
  for (let index = 0; index < counts.pins; index += 1) {
    const entry = { sessionKey, agent: owner, contextType: 'message', content, metadata: object, pinned: true };
    await write('updateContext', entry);
  }
  const offer = {
    sessionKey,
    agent: owner,
    summary: textOf(of, 16_384 * share),
    instructions: textOf(of, 16_384 * share),
    requestData: object,
  };
  for (let index = 0; index < counts.participants; index += 1) {
    const agent = longest(`member-${index}-`);
    const { handoff } = await write('requestHandoff', { ...offer, targetAgent: agent, requestType: 'collaboration' });
    const { handoffId } = handoff as { handoffId: string };
    expectWithin((await call(client, 'acceptHandoff', { agent, handoffId })).text, defaultTokens, 'acceptHandoff');
    await write('resolveHandoff', { agent, handoffId, outcome: 'completed', result: object });
  }
  const handoffIds: string[] = [];
  for (let index = 0; index < counts.handoffs; index += 1) {
    const target = { targetAgent: acceptor, requestType: 'context_transfer' };
    const { handoff } = await write('requestHandoff', { ...offer, ...target });
    handoffIds.push((handoff as { handoffId: string }).handoffId);
  }
  return handoffIds;
}

/** Checks the request to take a session over, what others see of it, and the acceptance. */
async function expectTakeOverWithin(client: Client, { piece: of, share, asked }: Namespace): Promise<void> {
  const rescuer = longest('rescuer');
  const request = { sessionKey, agent: rescuer, requestType: 'take_over', summary: textOf(of, 16_384 * share) };
  const asking = await call(client, 'requestHandoff', request);
  expectWithin(asking.text, changeTokens, 'requestHandoff');
  const { handoffId } = asking.body['handoff'] as { handoffId: string };
  const shown: readonly (readonly [UseCaseName, Record<string, unknown>, number])[] = [
    ['updateContext', { sessionKey, agent: owner, contextType: 'message', content: 'x' }, changeTokens],
    ['registerSession', { sessionKey, agent: owner, ifExists: 'resume' }, changeTokens],
    ['updateSession', { sessionKey, agent: owner, ttlSeconds: 1000 }, changeTokens],
    ...budgetsOf('listSessions', asked).map((maxTokens) => ['listSessions', { maxTokens }, maxTokens] as const),
  ];
  for (const [name, args, tokens] of shown) {
    const { text } = await call(client, name, args);
    expect(text, name).toContain(`"takeOver":{"handoffId":"${handoffId}"`);
    expectWithin(text, tokens, name);
  }
  await setTimeout(2);
  for (const maxTokens of [...budgetsOf('acceptHandoff', asked), undefined]) {
    const { text } = await call(client, 'acceptHandoff', { agent: rescuer, handoffId, maxTokens });
    expect(text).toContain(`"tookOver":{"from":"${owner}"`);
    expectWithin(text, maxTokens ?? defaultTokens, 'acceptHandoff');
  }
  expectWithin((await call(client, 'updateContext', { ...shown[0]?.[1] })).text, changeTokens, 'OWNERSHIP_LOST');
}

/** Checks every resource, the list of them, every prompt, and every completion. */
async function expectReadingsWithin(client: Client): Promise<void> {
  let cursor: string | undefined;
  do {
    const page = await client.request({ method: 'resources/list', params: cursor === undefined ? {} : { cursor } });
    expectWithin(JSON.stringify(page), defaultTokens, 'resources/list');
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  const { resourceTemplates } = await client.listResourceTemplates();
  const { resources } = await client.listResources();
  const uris = resourceTemplates.flatMap(({ uriTemplate }) =>
    [owner, acceptor, sessionKey].map((name) => uriTemplate.replace(/\{\w+\}/, name)),
  );
  for (const uri of [...uris, ...resources.map((resource) => resource.uri)]) {
    const answer = await client.readResource({ uri }).catch((error: unknown) => String(error));
    expectWithin(JSON.stringify(answer), 2 * defaultTokens, uri);
    const [content] = typeof answer === 'string' ? [] : answer.contents;
    if (content !== undefined && 'text' in content) expectWithin(content.text, defaultTokens, uri);
  }
  const { prompts } = await client.listPrompts();
  for (const { name, arguments: described = [] } of prompts) {
    const known: Record<string, string> = { sessionKey, targetAgent: `role:${longest('r')}` };
    const args = Object.fromEntries(
      described.flatMap((arg) => Object.entries(known).filter(([key]) => key === arg.name)),
    );
    expectWithin(JSON.stringify(await client.getPrompt({ name, arguments: args })), defaultTokens, name);
    for (const argument of described) {
      const completion = { ref: { type: 'ref/prompt' as const, name }, argument: { name: argument.name, value: '' } };
      expectWithin(JSON.stringify(await client.complete(completion)), defaultTokens, argument.name);
    }
  }
}

type Call = readonly [args: Record<string, unknown>, isRefused?: true];

/** Calls of each tool. This file does not compile if a tool is missing. */
const callsOf = (handoffIds: readonly string[]): { readonly [Name in UseCaseName]: readonly Call[] } => ({
  registerSession: [[{ sessionKey, agent: owner, ifExists: 'resume' }], [{ sessionKey, agent: owner }, true]],
  updateContext: [[{ sessionKey, agent: owner, contextType: 'message', content: 'x' }]],
  getContext: [
    [{ sessionKey }],
    [{ sessionKey, limit: 1 }],
    [{ sessionKey, limit: 100, types: ['message', 'file', 'tool_call', 'system'] }],
    [{ sessionKey, agent: acceptor, unread: true }],
  ],
  getBriefing: [[{ sessionKey }], [{ sessionKey: 'none' }, true]],
  requestHandoff: [[{ sessionKey, agent: owner, requestType: 'full_handoff', targetAgent: `role:${longest('r')}` }]],
  listHandoffs: [
    [{ agent: acceptor }],
    [{ agent: acceptor, limit: 100 }],
    [{ agent: acceptor, limit: 1 }],
    [{ agent: owner, direction: 'outbox', limit: 100 }],
    [{ agent: acceptor, roles: Array.from({ length: 100 }, () => textOf('"', 10_000)) }, true],
  ],
  acceptHandoff: handoffIds.slice(0, 2).map((handoffId) => [{ agent: acceptor, handoffId }]),
  resolveHandoff: handoffIds.slice(0, 2).map((handoffId) => [{ agent: acceptor, handoffId, outcome: 'completed' }]),
  listSessions: [[{}], [{ limit: 100 }], [{ limit: 1 }], [{ sessionKey }], [{ sessionKey, owner }, true]],
  updateSession: [
    [{ sessionKey, agent: owner, ttlSeconds: 1000 }],
    [{ sessionKey, agent: owner, [textOf('"', 100_000)]: 1 }, true],
  ],
});

async function expectCallsWithin(client: Client, { asked }: Namespace, handoffIds: readonly string[]): Promise<void> {
  const calls = callsOf(handoffIds);
  for (const { name, inputSchema } of tools) {
    const tool = name as UseCaseName;
    const takesBudget = Object.hasOwn(inputSchema.properties ?? {}, 'maxTokens');
    for (const [args, isRefused = false] of calls[tool]) {
      const answer = await call(client, tool, args);
      expect(answer.isError, `${name} ${answer.text}`).toBe(isRefused);
      expectWithin(answer.text, defaultTokens, name);
      if (!isRefused) expectMarked(answer.body, answer.text, name);
      if (!takesBudget) continue;
      for (const maxTokens of budgetsOf(tool, asked)) {
        expectWithin((await call(client, tool, { ...args, maxTokens })).text, maxTokens, name);
      }
    }
  }
}

/** The smallest budget that the tool allows, and another one. */
function budgetsOf(name: UseCaseName, asked: number): number[] {
  const { maxTokens } = useCases[name].input.shape as { readonly maxTokens?: z.ZodType };
  const least = [...Array(defaultTokens).keys()].find((tokens) => maxTokens?.safeParse(tokens).success) ?? 0;
  return [least, Math.floor(least + asked * 100_000)];
}

const expectWithin = (text: string, tokens: number, what: string): void =>
  expect(tokensOf(text), what).toBeLessThanOrEqual(tokens);

/** Checks that recorded text comes after the line that calls it data. */
function expectMarked(body: Record<string, unknown>, text: string, what: string): void {
  const marks = [recordedNote, 'data recorded by the agents they name'].map((mark) => text.indexOf(mark));
  const holdsRecords = ['session', 'sessions', 'handoff', 'handoffs', 'entries', 'briefing'].some((field) => {
    const value = body[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
  if (holdsRecords) expect(Math.max(...marks), what).toBeGreaterThan(0);
  if (holdsRecords && body['briefing'] === undefined) expect(Object.keys(body)[0], what).toBe('note');
}
