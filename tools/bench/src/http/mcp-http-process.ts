import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ProgramToStart } from '../stdio/json-rpc-process.js';
import { createMcpClient, type Era, type McpClient } from './mcp-client.js';

/** The product's HTTP server, as it is built. */
export const mcpHttp: string = fileURLToPath(new URL('../../../../apps/mcp-http/dist/main.js', import.meta.url));

export interface HttpProgramToStart extends ProgramToStart {
  /** Where its log goes. Default: where this process's errors go. */
  readonly logFile?: string | undefined;
}

/** An MCP server over HTTP in a process of its own, and a client of it for each era. */
export class McpHttpProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #clients: { readonly [E in Era]: McpClient };

  private constructor(child: ChildProcess, url: string, token: string | undefined) {
    this.pid = child.pid ?? 0;
    this.#child = child;
    this.#clients = {
      modern: createMcpClient({ url, era: 'modern', token }),
      legacy: createMcpClient({ url, era: 'legacy', token }),
    };
  }

  /** @param token goes with every request. @returns when the server takes connections */
  static async start(
    { program, env, nodeArguments = [], logFile }: HttpProgramToStart,
    token?: string,
  ): Promise<McpHttpProcess> {
    const port = await unusedPort();
    const log = logFile === undefined ? undefined : await open(logFile, 'w');
    const child = spawn(process.execPath, [...nodeArguments, program], {
      env: { PATH: process.env['PATH'] ?? '', PORT: String(port), ...env },
      stdio: ['ignore', 'ignore', log?.fd ?? 'inherit'],
    });
    await log?.close();
    const server = new McpHttpProcess(child, `http://127.0.0.1:${port}/mcp`, token);
    while (!(await takesConnections(port))) {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
      await sleep(10);
    }
    return server;
  }

  /** @throws when the tool, or the server, answers with an error */
  async callTool(era: Era, ...call: Parameters<McpClient['callTool']>): Promise<void> {
    const answer = await this.#clients[era].callTool(...call);
    if ('errorCode' in answer) throw new Error(`${call[0]}: ${answer.errorCode}`);
  }

  /** Tells the server to stop, and waits for it to end. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#clients).map((client) => client.close()));
    if (this.#child.exitCode !== null) return;
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await closed;
  }
}

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
