import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { serializeMessage, toolErrorResult, toolResult } from './tool-result.js';

const placeholder = 'structuredContent of this message';

describe('a serialized message', () => {
  const content = {
    text: `"quoted" \\ line\n ${placeholder} "${placeholder}" \u2028 é \u0001`,
    nested: { list: [1, null] },
  };
  const messages: Readonly<Record<string, JSONRPCMessage>> = {
    'a result': { jsonrpc: '2.0', id: 1, result: toolResult(content) },
    'a result with more fields': {
      result: { ...toolResult({}), resultType: 'complete', _meta: { from: 'server' } },
      jsonrpc: '2.0',
      id: 'one',
    },
    'an error of a tool': {
      jsonrpc: '2.0',
      id: 1,
      result: toolErrorResult({
        code: 'FORBIDDEN',
        message: placeholder,
        retryable: false,
        details: content,
        requestId: '1',
      }),
    },
    "a result that is no tool's": { jsonrpc: '2.0', id: 1, result: { tools: [] } },
    'a notification': { jsonrpc: '2.0', method: 'notifications/progress', params: content },
    'an error': { jsonrpc: '2.0', id: 1, error: { code: -32600, message: placeholder } },
  };
  it.each(Object.entries(messages))('is the JSON of %s', (_, message) => {
    expect(serializeMessage(message)).toBe(JSON.stringify(message));
  });
});
