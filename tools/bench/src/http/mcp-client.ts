import { Pool, type Dispatcher } from 'undici';

/** `modern`: MCP 2026-07-28, without a handshake. `legacy`: what most clients speak today; the server needs none, either. */
export const eras = ['modern', 'legacy'] as const;
export type Era = (typeof eras)[number];

/** What came of a call: its result, or the code of what went wrong, be it the tool, MCP, HTTP or the network. */
export type Answer = { readonly result: Readonly<Record<string, unknown>> } | { readonly errorCode: string };

/** The least an MCP client can do over Streamable HTTP: its own work must not be what is measured. */
export interface McpClient {
  /** Never throws. @param meta goes into `_meta` */
  readonly callTool: (
    name: string,
    args: Readonly<Record<string, unknown>>,
    meta?: Readonly<Record<string, string>>,
  ) => Promise<Answer>;
  /** Asks for what takes the server no work beyond MCP itself. */
  readonly ping: () => Promise<Answer>;
  /** Cuts off what is not answered yet. */
  readonly close: () => Promise<void>;
}

export interface McpClientOptions {
  /** Of the endpoint, with its path. */
  readonly url: string;
  readonly era: Era;
  /** For `Authorization: Bearer …`. */
  readonly token?: string | undefined;
}

/** More callers than this wait for a connection, and that counts as latency. */
const maxConnections = 500;
const answerWithinMs = 30_000;

export function createMcpClient({ url, era, token }: McpClientOptions): McpClient {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, {
    connections: maxConnections,
    headersTimeout: answerWithinMs,
    bodyTimeout: answerWithinMs,
  });
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  let lastId = 0;

  async function send(method: string, params: Params = {}, name?: string): Promise<Answer> {
    lastId += 1;
    const _meta = { ...envelopes[era], ...params._meta };
    const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params: { ...params, _meta } });
    const headers = { ...baseHeaders, ...authorization, ...eraHeaders(era, method, name) };
    try {
      return await post(pool, { method: 'POST', path: pathname, headers, body });
    } catch (error) {
      return { errorCode: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
    }
  }

  return {
    callTool: (name, args, meta = {}) => send('tools/call', { name, arguments: args, _meta: meta }, name),
    ping: () => send(era === 'modern' ? 'server/discover' : 'ping'),
    close: () => pool.destroy(),
  };
}

interface Params {
  readonly name?: string;
  readonly arguments?: Readonly<Record<string, unknown>>;
  readonly _meta?: Readonly<Record<string, string>>;
}

const baseHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const eraHeaders = (era: Era, method: string, name: string | undefined): Record<string, string> =>
  era === 'legacy'
    ? { 'mcp-protocol-version': '2025-11-25' }
    : { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(name !== undefined && { 'mcp-name': name }) };

const envelopes: { readonly [E in Era]: object } = {
  legacy: {},
  modern: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'context-store-bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

/** Undici's `request` takes half as long again: it makes a stream of each body. */
function post(pool: Pool, request: Dispatcher.DispatchOptions): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const chunks: Buffer[] = [];
  let status = 0;
  pool.dispatch(request, {
    onRequestStart: () => undefined,
    onResponseStart: (_, statusCode) => (status = statusCode),
    onResponseData: (_, chunk) => chunks.push(chunk),
    onResponseEnd: () =>
      resolve(status === 200 ? readAnswer(Buffer.concat(chunks).toString()) : { errorCode: `HTTP ${status}` }),
    onResponseError: (_, error) => reject(error),
  });
  return promise;
}

interface RpcAnswer {
  readonly error?: { readonly code: number };
  readonly result?: {
    readonly isError?: boolean;
    readonly structuredContent?: Readonly<Record<string, unknown>>;
  };
}

/** The body is JSON, or a stream of events, of which the last one is the answer. */
export function readAnswer(text: string): Answer {
  const json = text.startsWith('{') ? text : (/.*^data: (?<data>.*)$/ms.exec(text)?.groups?.['data'] ?? '');
  let answer: RpcAnswer;
  try {
    answer = JSON.parse(json) as RpcAnswer;
  } catch {
    return { errorCode: 'not JSON' };
  }
  const { error, result } = answer;
  if (result === undefined) return { errorCode: `JSON-RPC ${error?.code ?? 'without a result'}` };
  if (result.isError === true) return { errorCode: codeOf(result.structuredContent) };
  return { result: result.structuredContent ?? {} };
}

const codeOf = (content: Readonly<Record<string, unknown>> = {}): string =>
  typeof content['code'] === 'string' ? content['code'] : 'isError';
