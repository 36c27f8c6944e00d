import type { IncomingMessage } from 'node:http';
import { INVALID_REQUEST, isJsonContentType } from '@modelcontextprotocol/server';
import { ContextStoreError } from '@org/context-store';
import { receiveMessage, type Message } from '@org/mcp';
import { acceptsAnswers } from './accept.js';
import { refused, type Refusal } from './refusal.js';

/** A request that is answered without being served: it is refused, or there is no memory for its body (`overloaded`). */
export type UnservedRequest =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'overloaded'; readonly error: ContextStoreError };

export interface ReadLimits {
  /** The size of the largest message, in bytes. */
  readonly maxBytes: number;
  /** Returns true if there is memory for a piece of this size, which has arrived. */
  readonly hasRoom: (pieceBytes: number) => boolean;
}

/**
 * Reads the message of a POST, and classifies it. Refuses what the SDK would serve but should not, such as a batch, and what
 * the SDK would refuse without saying what to do.
 *
 * It reads Node's own stream. A web stream in between is slower, and leaves the connection of a refused upload hanging.
 */
export async function readRequest(incoming: IncomingMessage, limits: ReadLimits): Promise<Message | UnservedRequest> {
  const refusal = refuseHeaders(incoming, limits.maxBytes);
  if (refusal !== undefined) return refuse(refusal);
  try {
    const body = await readBody(incoming, limits);
    return 'kind' in body ? body : classified(body.bytes);
  } catch (error) {
    // A client that disconnects before it has sent its request is no defect of the server.
    if (incoming.complete) throw error;
    return refuse({ ...malformed, code: INVALID_REQUEST, message: 'Invalid request: it broke off.' });
  }
}

const refuse = (refusal: Refusal): UnservedRequest => ({ kind: 'refused', refusal });

/** Checks what the headers already tell. */
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

/**
 * The adapter drains the unread rest of a refused body after the answer. This function listens to events, because async
 * iteration takes longer than all other work on a small body.
 */
function readBody(
  incoming: IncomingMessage,
  { maxBytes, hasRoom }: ReadLimits,
): Promise<{ readonly bytes: Buffer } | UnservedRequest> {
  const { promise, resolve, reject } = Promise.withResolvers<{ readonly bytes: Buffer } | UnservedRequest>();
  // The request keeps its listeners until it is answered, so this array must be empty once the body was read.
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = (chunk: Buffer): void => {
    bytes += chunk.length;
    chunks.push(chunk);
    if (bytes > maxBytes) resolve(refuse(tooLarge(maxBytes)));
    else if (!hasRoom(chunk.length)) resolve({ kind: 'overloaded', error: noRoom() });
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
  const message =
    'There is no room for this message beside the others. Nothing was done; wait a second, then send the same message again.';
  return new ContextStoreError('OVERLOADED', message, { retryAfterMs: 1000 });
}

function classified(bytes: Buffer): Message | UnservedRequest {
  const message = receiveMessage(bytes);
  return message.kind === 'refused' ? refuse({ ...malformed, ...message.refusal }) : message;
}

const malformed = { status: 400, reason: 'malformed' } as const;
