import type { IncomingMessage } from 'node:http';
import { INVALID_REQUEST, isJsonContentType, PARSE_ERROR } from '@modelcontextprotocol/server';

/** What the SDK answers HTTP-level refusals with. */
const refused = -32_000;

export type ReadRequest = { readonly body: unknown } | { readonly refusal: Response };

/**
 * Reads the message of a POST for the MCP handler. What the handler would serve but should not (a batch), or refuse
 * without saying what to do, is answered here. Read from Node's own stream: a web stream in between is slower, and leaves
 * the connection of a refused upload hanging.
 */
export async function readJsonRpcRequest(incoming: IncomingMessage, maxBytes: number): Promise<ReadRequest> {
  if (!isJsonContentType(incoming.headers['content-type'] ?? null)) {
    return { refusal: jsonRpcError(415, refused, 'Unsupported media type: send Content-Type: application/json.') };
  }
  const text = await readText(incoming, maxBytes);
  if (text === undefined) {
    return {
      refusal: jsonRpcError(413, refused, `Payload too large: the limit is ${maxBytes} bytes. Split the content.`),
    };
  }
  return parseMessage(text);
}

/** Undefined: larger than `maxBytes`. The rest is left unread; the adapter drains it once the answer is out. */
async function readText(incoming: IncomingMessage, maxBytes: number): Promise<string | undefined> {
  if (Number(incoming.headers['content-length']) > maxBytes) return undefined;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parseMessage(text: string): ReadRequest {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    const problem = `Parse error: ${(error as Error).message}. Send one JSON-RPC message.`;
    return { refusal: jsonRpcError(400, PARSE_ERROR, problem) };
  }
  if (Array.isArray(body)) {
    const problem = 'Invalid request: batches are not supported. Send each message by itself.';
    return { refusal: jsonRpcError(400, INVALID_REQUEST, problem) };
  }
  if (typeof body !== 'object' || body === null) {
    return { refusal: jsonRpcError(400, INVALID_REQUEST, 'Invalid request: a message must be a JSON object.') };
  }
  return { body };
}

/** JSON-RPC 2.0, section 5.1: the id is null, because no request was read. */
export const jsonRpcError = (status: number, code: number, message: string): Response =>
  Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status });
