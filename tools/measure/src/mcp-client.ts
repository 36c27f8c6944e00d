import { Pool, type Dispatcher } from 'undici';

/** `modern` is MCP 2026-07-28, without a handshake. `legacy` is MCP 2025-11-25, which mcp-http serves without one, too. */
export const eras = ['modern', 'legacy'] as const;
export type Era = (typeof eras)[number];

/** The result of a call, or the code of what went wrong in the tool, MCP, HTTP or the network. */
export type Answer = { readonly result: Readonly<Record<string, unknown>> } | { readonly errorCode: string };

/** The least that an MCP client can do over Streamable HTTP, so that its own work is not what is measured. */
export interface McpClient {
  /** Never throws. */
  readonly callTool: (name: string, args: Readonly<Record<string, unknown>>) => Promise<Answer>;
  /** Cuts off calls that are not answered yet. */
  readonly close: () => Promise<void>;
}

export interface McpClientOptions {
  /** Of the endpoint, with its path. */
  readonly url: string;
  readonly era: Era;
  /** For `Authorization: Bearer …`. */
  readonly token?: string | undefined;
}

/** Further calls wait for a connection, which counts as latency. */
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
  return {
    async callTool(name, args) {
      lastId += 1;
      const params = { name, arguments: args, _meta: envelopes[era] };
      const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method: 'tools/call', params });
      const headers = { ...baseHeaders, ...authorization, ...eraHeaders(era, name) };
      try {
        return await post(pool, { method: 'POST', path: pathname, headers, body });
      } catch (error) {
        return { errorCode: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
      }
    },
    close: () => pool.destroy(),
  };
}

const baseHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const eraHeaders = (era: Era, tool: string): Record<string, string> =>
  era === 'legacy'
    ? { 'mcp-protocol-version': '2025-11-25' }
    : { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': tool };

const envelopes: { readonly [E in Era]: object } = {
  legacy: {},
  modern: {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 'context-store-bench', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  },
};

/** Not by Undici's `request`, which takes half as long again because it makes a stream of each body. */
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

/** Reads a body that is JSON, or a stream of events whose last one is the answer. */
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
