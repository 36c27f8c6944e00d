import { Pool } from 'undici';

/** `modern`: MCP 2026-07-28, without a handshake. `legacy`: what most clients speak today; the server needs none, either. */
export const eras = ['modern', 'legacy'] as const;
export type Era = (typeof eras)[number];

/** What came of a call: its result, or the code of what went wrong, be it the tool, MCP, HTTP or the network. */
export type Answer = { readonly result: Readonly<Record<string, unknown>> } | { readonly errorCode: string };

/** The least an MCP client can do over Streamable HTTP: its own work must not be what is measured. */
export interface McpClient {
  /** Never throws. */
  readonly callTool: (name: string, args: Readonly<Record<string, unknown>>) => Promise<Answer>;
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

  async function send(method: string, params: object, name?: string): Promise<Answer> {
    lastId += 1;
    const body = JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params: { ...params, ...envelopes[era] } });
    const headers = { ...baseHeaders, ...authorization, ...eraHeaders(era, method, name) };
    try {
      const answer = await pool.request({ method: 'POST', path: pathname, headers, body });
      const text = await answer.body.text();
      return answer.statusCode === 200 ? readAnswer(text) : { errorCode: `HTTP ${answer.statusCode}` };
    } catch (error) {
      return { errorCode: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
    }
  }

  return {
    callTool: (name, args) => send('tools/call', { name, arguments: args }, name),
    ping: () => send(era === 'modern' ? 'server/discover' : 'ping', {}),
    close: () => pool.destroy(),
  };
}

const baseHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

const eraHeaders = (era: Era, method: string, name: string | undefined): Record<string, string> =>
  era === 'legacy'
    ? { 'mcp-protocol-version': '2025-11-25' }
    : { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(name !== undefined && { 'mcp-name': name }) };

const envelopes: { readonly [E in Era]: object } = {
  legacy: {},
  modern: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'context-store-load', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
};

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
