import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect as connectSocket, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as StdioClientTransportV1 } from '@modelcontextprotocol/sdk/client/stdio.js';

export const program = join(import.meta.dirname, '..', 'dist', 'main.js');

export type Env = Readonly<Record<string, string>>;

/** The environment of every process, without the configuration of the machine. */
const environment = (env: Env): Record<string, string> => ({ PATH: process.env['PATH'] ?? '', ...env });

/** An environment with which Node.js runs a script before the program. */
export const preloading = (script: string): Env => ({
  NODE_OPTIONS: `--import=data:text/javascript;base64,${Buffer.from(script).toString('base64')}`,
});

export interface DataFolder {
  readonly path: string;
  readonly database: string;
  readonly remove: () => Promise<void>;
}

export async function dataFolder(): Promise<DataFolder> {
  const path = await mkdtemp(join(tmpdir(), 'mcp-stdio-'));
  return { path, database: `sqlite:${join(path, 'context.db')}`, remove: () => rm(path, { recursive: true }) };
}

export const clientKinds = ['v2 client, modern', 'v2 client, legacy', 'v1 client'] as const;
export type ClientKind = (typeof clientKinds)[number] | 'v2 client, negotiating';

const modes = {
  'v2 client, modern': { pin: '2026-07-28' },
  'v2 client, legacy': 'legacy',
  'v2 client, negotiating': 'auto',
} as const;

/**
 * Connects an official client to a new server process. Closing the client ends the process.
 *
 * @param cwd the folder in which the process starts. Default: that of this process
 */
export async function connect(kind: ClientKind, name: string, env: Env, cwd?: string): Promise<Client | ClientV1> {
  const parameters = {
    command: process.execPath,
    args: [program],
    env: environment(env),
    stderr: 'ignore' as const,
    ...(cwd !== undefined && { cwd }),
  };
  if (kind === 'v1 client') {
    const client = new ClientV1({ name, version: '1' });
    await client.connect(new StdioClientTransportV1(parameters));
    return client;
  }
  const mode = modes[kind];
  const client = new Client({ name, version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StdioClientTransport(parameters));
  return client;
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program until it exits, with empty standard input. */
export async function run(env: Env, args: readonly string[] = [], entry = program): Promise<Finished> {
  const child = spawn(process.execPath, [entry, ...args], { env: environment(env) });
  child.stdin.end();
  return finished(child);
}

async function finished(child: ChildProcessWithoutNullStreams): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

type Message = Record<string, unknown>;

/** A server process and its raw lines. */
export class RawServer {
  readonly child: ChildProcessWithoutNullStreams;
  readonly finished: Promise<Finished>;
  private readonly lines: AsyncIterator<string>;

  constructor(env: Env, cwd?: string) {
    this.child = spawn(process.execPath, [program], { env: environment(env), cwd });
    this.finished = finished(this.child);
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  write(text: string): void {
    this.child.stdin.write(text);
  }

  send(message: Message): void {
    this.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  async nextLine(): Promise<string> {
    const { value } = await this.lines.next();
    return String(value);
  }

  async next(): Promise<Message> {
    return JSON.parse(await this.nextLine()) as Message;
  }

  callTool(id: number, name: string, args: Message): void {
    this.send({ id, method: 'tools/call', params: { name, arguments: args } });
  }
}

export interface SocketServer {
  readonly child: ChildProcess;
  /** The client's end of the socket that is both the server's standard input and its standard output. */
  readonly client: Socket;
}

/** The two ends of a connection. The server's end is paused. */
export async function socketPair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const listener = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connectSocket((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  listener.close();
  return { client, server };
}

/** Starts a server process whose client is connected by a socket, as with inetd, sshd and socat, and makes one call. */
export async function startOnSocket(env: Env): Promise<SocketServer> {
  const { client, server } = await socketPair();
  const child = spawn(process.execPath, [program], {
    env: environment({ CONTEXT_AGENT: 'a', ...env }),
    stdio: [server, server, 'pipe'],
  });
  server.destroy();
  await callToolOn(client, 1, 'registerSession', { sessionKey: 'work' });
  return { child, client };
}

/** Calls a tool. Resolves when the first data arrives. */
export async function callToolOn(client: Socket, id: number, name: string, args: object): Promise<void> {
  client.write(`${JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } })}\n`);
  await once(client, 'data');
}
