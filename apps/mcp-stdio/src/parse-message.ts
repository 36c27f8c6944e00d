import {
  INVALID_REQUEST,
  PARSE_ERROR,
  parseJSONRPCMessage,
  type JSONRPCMessage,
  type RequestId,
} from '@modelcontextprotocol/server';

/** The answer to what is no JSON-RPC message. JSON-RPC 2.0, section 5.1: the id is null when it could not be read. */
export interface Refusal {
  readonly jsonrpc: '2.0';
  readonly id: RequestId | null;
  readonly error: { readonly code: number; readonly message: string };
}

export type ParsedLine = { readonly message: JSONRPCMessage } | { readonly refusal: Refusal };

export function parseMessage(text: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return {
      refusal: refusal(PARSE_ERROR, `Parse error: ${(error as Error).message}. Send one JSON-RPC message per line.`),
    };
  }
  try {
    return { message: parseJSONRPCMessage(value) };
  } catch {
    return { refusal: refusal(INVALID_REQUEST, `Invalid request: ${problemOf(value)}`, idOf(value)) };
  }
}

export function refusal(code: number, message: string, id: RequestId | null = null): Refusal {
  return { jsonrpc: '2.0', id, error: { code, message } };
}

function problemOf(value: unknown): string {
  if (Array.isArray(value)) return 'batches are not supported. Send each message on its own line.';
  if (typeof value !== 'object' || value === null) return 'a message must be a JSON object.';
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') return 'jsonrpc must be "2.0".';
  if (id !== undefined && !isRequestId(id)) return 'id must be a string or an integer.';
  if (method === undefined) return 'method is missing, and it is no response either.';
  if (typeof method !== 'string') return 'method must be a string.';
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    return 'params must be an object.';
  }
  return 'not a JSON-RPC 2.0 request, notification or response. Check params._meta and unknown members.';
}

function idOf(value: unknown): RequestId | null {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined;
  return isRequestId(id) ? id : null;
}

const isRequestId = (id: unknown): id is RequestId => typeof id === 'string' || Number.isInteger(id);
