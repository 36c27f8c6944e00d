import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'undici';
import type { ProgramToStart } from '../stdio/json-rpc-process.js';

/** The product's HTTP server, as it is built. */
export const mcpHttp: string = fileURLToPath(new URL('../../../../apps/mcp-http/dist/main.js', import.meta.url));

/** How a client speaks: with an envelope in each request, or as before 2026. */
export type Era = 'modern' | 'legacy';

interface Answer {
  readonly result?: { readonly isError?: boolean };
}

const accept = 'application/json, text/event-stream';
const common = { 'content-type': 'application/json', accept };
const headersOf: { readonly [E in Era]: (tool: string) => Record<string, string> } = {
  legacy: () => ({ ...common, 'mcp-protocol-version': '2025-11-25' }),
  modern: (tool) => ({
    ...common,
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': tool,
  }),
};
const envelope = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/**
 * An MCP server over HTTP in a process of its own, spoken to over connections that are kept alive. Like its counterpart for
 * stdio, it does the least that a client can do.
 */
export class McpHttpProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #pool: Pool;
  readonly #headers: Readonly<Record<string, string>>;
  #lastId = 0;

  private constructor(child: ChildProcess, url: string, headers: Readonly<Record<string, string>>) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#pool = new Pool(url, { connections: 64 });
    this.#headers = headers;
  }

  /** @param headers go with every request. @returns when the server takes connections */
  static async start(
    { program, env, nodeArguments = [] }: ProgramToStart,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<McpHttpProcess> {
    const port = await unusedPort();
    const child = spawn(process.execPath, [...nodeArguments, program], {
      env: { PATH: process.env['PATH'] ?? '', PORT: String(port), ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const server = new McpHttpProcess(child, `http://127.0.0.1:${port}`, headers);
    while (!(await takesConnections(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      await sleep(10);
    }
    return server;
  }

  /** @throws when the tool, or the server, answers with an error */
  async callTool(
    era: Era,
    name: string,
    args: Readonly<Record<string, unknown>>,
    meta: Readonly<Record<string, string>> = {},
  ): Promise<void> {
    this.#lastId += 1;
    const params = { name, arguments: args, _meta: era === 'modern' ? { ...envelope, ...meta } : meta };
    const { body } = await this.#pool.request({
      method: 'POST',
      path: '/mcp',
      headers: { ...headersOf[era](name), ...this.#headers },
      body: JSON.stringify({ jsonrpc: '2.0', id: this.#lastId, method: 'tools/call', params }),
    });
    const text = await body.text();
    const { result } = JSON.parse(text.startsWith('{') ? text : dataOf(text)) as Answer;
    if (result === undefined || result.isError === true) throw new Error(`${name}: ${text}`);
  }

  /** Tells the server to stop, and waits for it to end. */
  async close(): Promise<void> {
    await this.#pool.destroy();
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
  }
}

/** Of a stream with one message. */
const dataOf = (stream: string): string => /^data: (.*)$/m.exec(stream)?.[1] ?? '';

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** Free a moment ago: only a server that is told its port can be any server. */
export async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
