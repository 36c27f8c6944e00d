import { isUtf8 } from 'node:buffer';
import { INVALID_REQUEST, PARSE_ERROR, parseJSONRPCMessage, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { InexactNumber, isExactNumber } from '@org/domain';
import { maxRequestIdLength, requestIdIn } from './request-id-scanner.js';
import { scanJson } from './scan-json.js';

/** The JSON-RPC error that answers a message which cannot be read. */
export interface MessageRefusal {
  readonly code: number;
  readonly message: string;
  /** The id of the request as JSON, as it was written. Undefined if it could not be read. */
  readonly id?: string | undefined;
}

export type ReadMessage = { readonly message: JSONRPCMessage } | { readonly refusal: MessageRefusal };

/**
 * Reads one JSON-RPC message, the same way for every transport: a message that one refuses, all refuse. The transport limits
 * the size before it calls this, because it should not hold more bytes than that.
 *
 * A number that JavaScript would change becomes an `InexactNumber`. If `params` or one of its optional members is `null`, it
 * is removed.
 */
export function readMessage(bytes: Buffer): ReadMessage {
  const json = withoutByteOrderMark(bytes);
  const refuse = (code: number, message: string): ReadMessage => ({
    refusal: { code, message, id: requestIdIn(json) },
  });
  // The decoder would replace bytes that are not UTF-8 silently.
  if (!isUtf8(json)) return refuse(PARSE_ERROR, 'Parse error: this is not UTF-8. Send the message in UTF-8.');
  const { hasTooManyTokens, hasInexactNumber } = scanJson(json);
  if (hasTooManyTokens) {
    return refuse(INVALID_REQUEST, 'Invalid request: it has more values, or more levels, than any call needs.');
  }
  let value: unknown;
  try {
    const text = json.toString('utf8');
    value = hasInexactNumber ? JSON.parse(text, keepInexactNumber) : JSON.parse(text);
  } catch (error) {
    const { message } = error as Error;
    return refuse(
      PARSE_ERROR,
      `Parse error: ${message}. Send one JSON-RPC message per line on stdio, or per request over HTTP.`,
    );
  }
  dropNulls(value);
  const problem = shapeProblem(value);
  return problem === undefined
    ? { message: value as JSONRPCMessage }
    : refuse(INVALID_REQUEST, `Invalid request: ${problem}`);
}

const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** RFC 8259, section 8.1: parsers may ignore it. Some programs write one before their first message. */
const withoutByteOrderMark = (bytes: Buffer): Buffer =>
  bytes.subarray(0, byteOrderMark.length).equals(byteOrderMark) ? bytes.subarray(byteOrderMark.length) : bytes;

function keepInexactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value === 'number' && source !== undefined && !isExactNumber(source)
    ? new InexactNumber(source)
    : value;
}

/** Optional members of a request's parameters, in any method. */
const optionalParams = ['arguments', 'cursor', '_meta'] as const;

function dropNulls(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const message = value as { params?: Record<string, unknown> | null };
  if (message.params === null) delete message.params;
  if (typeof message.params !== 'object') return;
  for (const name of optionalParams) if (message.params[name] === null) delete message.params[name];
}

/** Lets the SDK check the message, and describes in plain words what it refuses. */
function shapeProblem(value: unknown): string | undefined {
  try {
    const message = parseJSONRPCMessage(value);
    return 'id' in message && typeof message.id === 'string' && message.id.length > maxRequestIdLength
      ? `its id has more than ${maxRequestIdLength} characters.`
      : undefined;
  } catch {
    return describeShape(value);
  }
}

function describeShape(value: unknown): string {
  if (Array.isArray(value)) return 'batches are not supported. Send each message separately.';
  if (typeof value !== 'object' || value === null) return 'a message must be a JSON object.';
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') return 'jsonrpc must be "2.0".';
  if (id !== undefined && typeof id !== 'string' && !Number.isSafeInteger(id)) {
    return `id must be a string, or an integer up to ${Number.MAX_SAFE_INTEGER}.`;
  }
  if (method === undefined) return 'method is missing, and it is no response either.';
  if (typeof method !== 'string') return 'method must be a string.';
  if (params !== undefined && (typeof params !== 'object' || params === null || Array.isArray(params))) {
    return 'params must be an object.';
  }
  return 'not a JSON-RPC 2.0 request, notification or response. Check params._meta and unknown members.';
}
