import { expect, it } from 'vitest';
import { readAnswer } from './mcp-client.js';

const result = (values: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, result: values });
const event = (data: string): string => `event: message\ndata: ${data}\n\n`;

it.each([
  ['a result', result({ structuredContent: { sequence: 1 } }), { result: { sequence: 1 } }],
  ['a result in a stream', event(result({ structuredContent: { sequence: 1 } })), { result: { sequence: 1 } }],
  [
    'the last event of a stream',
    event('{"jsonrpc":"2.0","method":"notifications/progress"}') + event(result({ structuredContent: { a: 2 } })),
    { result: { a: 2 } },
  ],
  [
    'an error of a tool',
    result({ isError: true, structuredContent: { code: 'OVERLOADED' } }),
    { errorCode: 'OVERLOADED' },
  ],
  ['an error without a code', result({ isError: true, content: [] }), { errorCode: 'isError' }],
  ['an error of MCP', '{"jsonrpc":"2.0","id":1,"error":{"code":-32602}}', { errorCode: 'JSON-RPC -32602' }],
  ['something else', '<html>', { errorCode: 'not JSON' }],
  ['nothing', '', { errorCode: 'not JSON' }],
])('reads %s', (_case, text, answer) => {
  expect(readAnswer(text)).toEqual(answer);
});
