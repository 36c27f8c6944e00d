import type { IncomingMessage } from 'node:http';
import { INVALID_REQUEST, isJsonContentType, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { ContextStoreError } from '@org/context-store';
import { readMessage } from '@org/mcp';
import type { HttpTelemetry, RefusalReason } from '@org/telemetry-otel';
import { acceptsAnswers } from './accept.js';

/** What the SDK answers HTTP-level refusals with. */
export const refused = -32_000;

/** Why a request is not served: an HTTP status, and the JSON-RPC error of its answer. */
export interface Refusal {
  readonly status: number;
  /** As it is counted. */
  readonly reason: RefusalReason;
  readonly code: number;
  readonly message: string;
  /** See `MessageRefusal`. */
  readonly id?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** For programs. */
  readonly error?: ContextStoreError | undefined;
}

/** What a refusal has to know of its request. */
export interface RefusedRequest extends Pick<HttpTelemetry, 'countRefusal'> {
  /** Every answer bears it, in `X-Request-Id`. */
  readonly requestId: string;
}

/** OVERLOADED: what arrives finds no room. */
export type ReadRequest =
  | { readonly body: JSONRPCMessage }
  | { readonly refusal: Refusal }
  | { readonly error: ContextStoreError };

export interface ReadLimits {
  /** The largest message. */
  readonly maxBytes: number;
  /** Whether there is room for another piece of so many bytes, which has arrived. */
  readonly hasRoom: (pieceBytes: number) => boolean;
}

/**
 * Reads the message of a POST for the MCP handler. What the handler would serve but should not (a batch), or refuse
 * without saying what to do, is answered here. Read from Node's own stream: a web stream in between is slower, and leaves
 * the connection of a refused upload hanging.
 */
export async function readJsonRpcRequest(incoming: IncomingMessage, limits: ReadLimits): Promise<ReadRequest> {
  const refusal = refuseHeaders(incoming, limits.maxBytes);
  if (refusal !== undefined) return { refusal };
  try {
    const read = await readBody(incoming, limits);
    return 'bytes' in read ? parseBody(read.bytes) : read;
  } catch (error) {
    // A client that went away in the middle of its request is no defect of the server's, and hears nothing.
    if (incoming.complete) throw error;
    return { refusal: { ...malformed, code: INVALID_REQUEST, message: 'Invalid request: it broke off.' } };
  }
}

/** What the headers tell already. */
function refuseHeaders({ headers }: IncomingMessage, maxBytes: number): Refusal | undefined {
  if (!acceptsAnswers(headers.accept)) {
    const message = 'Not acceptable: send Accept: application/json, text/event-stream.';
    return { status: 406, reason: 'not_acceptable', code: refused, message };
  }
  if (!isJsonContentType(headers['content-type'] ?? null)) {
    const message = 'Unsupported media type: send Content-Type: application/json.';
    return { status: 415, reason: 'media_type', code: refused, message };
  }
  if ((headers['content-encoding'] ?? 'identity').toLowerCase() !== 'identity') {
    const message = 'Unsupported content encoding: send the message as it is, uncompressed.';
    return { status: 415, reason: 'media_type', code: refused, message };
  }
  return Number(headers['content-length']) > maxBytes ? tooLarge(maxBytes) : undefined;
}

type ReadBody = { readonly bytes: Buffer } | Exclude<ReadRequest, { readonly body: JSONRPCMessage }>;

/**
 * What is left unread of a refused body is drained by the adapter once the answer is out. By events, not by iteration, which
 * takes longer than all else that is done to a small body.
 */
function readBody(incoming: IncomingMessage, { maxBytes, hasRoom }: ReadLimits): Promise<ReadBody> {
  const { promise, resolve, reject } = Promise.withResolvers<ReadBody>();
  // The request keeps what listens to it until it is answered: nothing of a body may be left here once that was read.
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > maxBytes) resolve({ refusal: tooLarge(maxBytes) });
    else if (!hasRoom(chunk.length)) resolve({ error: noRoom() });
    else return;
    chunks.length = 0;
    incoming.off('data', take).pause();
  };
  incoming
    .on('data', take)
    .once('end', () => {
      const pieces = chunks.splice(0);
      resolve({ bytes: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces) });
    })
    .once('error', reject)
    .once('close', () => incoming.complete || reject(new Error('the request broke off')));
  return promise;
}

const tooLarge = (maxBytes: number): Refusal => ({
  status: 413,
  reason: 'too_large',
  code: refused,
  message: `Payload too large: the limit is ${maxBytes} bytes. Split the content.`,
});

function noRoom(): ContextStoreError {
  const retryAfterMs = 1000;
  const message =
    'There is no room for this message beside the others. Nothing was done; wait a second, then send the same message again.';
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs });
}

function parseBody(bytes: Buffer): ReadRequest {
  const read = readMessage(bytes);
  return 'refusal' in read ? { refusal: { ...malformed, ...read.refusal } } : { body: read.message };
}

const malformed = { status: 400, reason: 'malformed' } as const;

/** Counts a refusal and words it. JSON-RPC 2.0, section 5.1: the id is null when it could not be read. */
export function refusalResponse(
  { status, reason, code, message, id = 'null', headers = {}, error }: Refusal,
  { requestId, countRefusal }: RefusedRequest,
): Response {
  countRefusal(status, reason);
  const problem = JSON.stringify({ code, message, data: { ...error?.toJSON(), requestId } });
  return new Response(`{"jsonrpc":"2.0","error":${problem},"id":${id}}`, {
    status,
    headers: { 'content-type': 'application/json', ...headers },
  });
}
