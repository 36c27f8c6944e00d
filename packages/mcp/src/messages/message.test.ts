import { expect, it } from 'vitest';
import { messageOf } from '../../test/message-of.js';
import { receiveMessage, waits } from './message.js';

const call = (params: object): object => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });

it.each<[string, object, object]>([
  ['a call', call({ name: 'listSessions', arguments: {} }), { kind: 'tool_call', tool: 'listSessions' }],
  ['a call of an unknown tool', call({ name: 'toString' }), { kind: 'tool_call', tool: undefined }],
  ['a call without a name', call({ name: 7 }), { kind: 'tool_call', tool: undefined }],
  ['a subscription', { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' }, { kind: 'listen' }],
  ['another request', { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { kind: 'request' }],
  ['a notification', { jsonrpc: '2.0', method: 'notifications/initialized' }, { kind: 'notification' }],
  ['a call without an id', { jsonrpc: '2.0', method: 'tools/call' }, { kind: 'notification' }],
  ['a result', { jsonrpc: '2.0', id: 1, result: {} }, { kind: 'response' }],
  ['an error', { jsonrpc: '2.0', id: 1, error: { code: 1, message: '' } }, { kind: 'response' }],
])('classifies %s', (_case, sent, expected) => {
  expect(messageOf(sent)).toMatchObject({ ...expected, body: sent });
});

it.each(['{', '[]', '7', '{"jsonrpc":"2.0","id":1}'])('refuses %s', (text) => {
  expect(receiveMessage(Buffer.from(text))).toMatchObject({ kind: 'refused', refusal: { code: expect.any(Number) } });
});

it('reads how long a call asks to wait, up to the limit', () => {
  const waitingFor = (given: unknown): unknown => messageOf(call({ name: 'listHandoffs', arguments: given }));
  expect(waitingFor({ waitSeconds: 2 })).toMatchObject({ waitMs: 2000 });
  expect(waitingFor({ waitSeconds: 1e9 })).toMatchObject({ waitMs: 45_000 });
  for (const given of [{}, { waitSeconds: 0 }, { waitSeconds: '2' }, [], 'x'])
    expect(waitingFor(given)).toMatchObject({ waitMs: undefined });
});

it('tells waiting messages, which are subscriptions and calls that ask to wait, from others', () => {
  const listen = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen' };
  expect(waits(messageOf(listen))).toBe(true);
  expect(waits(messageOf(call({ name: 'listHandoffs', arguments: { waitSeconds: 1 } })))).toBe(true);
  expect(waits(messageOf(call({ name: 'listHandoffs', arguments: {} })))).toBe(false);
});
