import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The product's stdio server, as it is built. */
export const mcpStdio: string = fileURLToPath(new URL('../../../../apps/mcp-stdio/dist/main.js', import.meta.url));

/** A server on the same SDK whose tool does nothing. */
export const noOpServer: string = fileURLToPath(new URL('no-op-stdio-server.js', import.meta.url));

/** An MCP server over stdio in a child process, and the least that a client of it can do. */
export interface StdioServer {
  readonly pid: number;
  /** Throws an error if the tool answers with one. */
  readonly callTool: (name: string, args: Readonly<Record<string, unknown>>) => Promise<void>;
  /** Closes the server's input, as clients do, and waits for its end. */
  readonly close: () => Promise<void>;
}

interface Answer {
  readonly id: number;
  readonly result?: { readonly isError?: boolean };
  readonly error?: unknown;
}

/**
 * Starts a server and greets it.
 *
 * @param program a JavaScript file
 */
export async function startStdioServer(program: string, env: Record<string, string> = {}): Promise<StdioServer> {
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const waiting = new Map<number, PromiseWithResolvers<Answer>>();
  let [lastId, rest] = [0, ''];
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const answer = JSON.parse(line) as Answer;
      waiting.get(answer.id)?.resolve(answer);
      waiting.delete(answer.id);
    }
  });
  child.on('close', (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${program} ended with ${code}`));
  });

  const send = (message: object): void => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  async function request(method: string, params: object): Promise<void> {
    const id = (lastId += 1);
    const answered = Promise.withResolvers<Answer>();
    waiting.set(id, answered);
    send({ id, method, params });
    const answer = await answered.promise;
    if (answer.error !== undefined || answer.result?.isError === true) {
      throw new Error(`${method}: ${JSON.stringify(answer)}`);
    }
  }

  const clientInfo = { name: 'bench', version: '1' };
  await request('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo });
  send({ method: 'notifications/initialized' });
  return {
    pid: child.pid ?? 0,
    callTool: (name, args) => request('tools/call', { name, arguments: args }),
    async close() {
      child.stdin.end();
      await closed;
    },
  };
}
