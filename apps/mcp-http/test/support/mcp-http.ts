import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as StreamableHTTPClientTransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

export const program = join(import.meta.dirname, '..', '..', 'dist', 'main.js');

export type Env = Readonly<Record<string, string>>;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  /** Standard error without lines of the log at level info. */
  readonly stderr: string;
}

/** A line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** A server process on a free port. Metrics are off by default, because many servers run at the same time. */
export class HttpServerProcess {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  private stdout = '';
  private stderr = '';

  private constructor(env: Env, [command, ...args]: readonly [string, ...string[]] = [process.execPath, program]) {
    this.child = spawn(command, args, {
      env: { PATH: process.env['PATH'], PORT: '0', METRICS_PORT: 'off', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (chunk) => (this.stdout += String(chunk)));
    this.child.stderr?.on('data', (chunk) => (this.stderr += String(chunk)));
    this.finished = once(this.child, 'close').then(([code]) => ({ code: code as number | null, ...this.output }));
  }

  /** Starts a server, and does not wait until it serves calls. */
  static launch(env: Env): HttpServerProcess {
    return new HttpServerProcess(env);
  }

  static async start(env: Env): Promise<HttpServerProcess> {
    const server = HttpServerProcess.launch(env);
    await server.started();
    return server;
  }

  /** Starts a server with a limit of open files. */
  static async startWithin(openFiles: number, env: Env): Promise<HttpServerProcess> {
    const limited = `ulimit -n ${openFiles}; exec "$0" "$1"`;
    const server = new HttpServerProcess(env, ['sh', '-c', limited, process.execPath, program]);
    await server.started();
    return server;
  }

  /** Resolves when the server serves calls, or has ended. */
  async started(): Promise<void> {
    while (this.url === '' && this.child.exitCode === null) {
      await Promise.race([once(this.child.stderr ?? this.child, 'data'), this.finished]);
    }
  }

  get output(): { stdout: string; stderr: string } {
    const lines = this.stderr.split('\n').filter((line) => !line.startsWith('{"level":"info",'));
    return { stdout: this.stdout, stderr: lines.join('\n') };
  }

  /** All lines so far. @throws SyntaxError if a line is not JSON */
  get log(): readonly LogLine[] {
    const lines = this.stderr.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogLine);
  }

  /** The URL of the server without a path. */
  get url(): string {
    return /"url":"(http:\/\/[^/"]+)\/mcp"/.exec(this.stderr)?.[1] ?? '';
  }

  get mcp(): string {
    return `${this.url}/mcp`;
  }

  async stop(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<Finished> {
    this.child.kill(signal);
    return this.finished;
  }
}

export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'mcp-http-'));
  return { path, remove: () => rm(path, { recursive: true }) };
}

export const clientKinds = ['v2 client, modern', 'v2 client, legacy', 'v1 client'] as const;
export type ClientKind = (typeof clientKinds)[number];

export async function connect(
  kind: ClientKind,
  name: string,
  url: string,
  headers: Record<string, string> = {},
): Promise<Client | ClientV1> {
  const options = { requestInit: { headers } };
  if (kind === 'v1 client') {
    const client = new ClientV1({ name, version: '1' });
    await client.connect(new StreamableHTTPClientTransportV1(new URL(url), options));
    return client;
  }
  const mode = kind === 'v2 client, modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client({ name, version: '1' }, { versionNegotiation: { mode } });
  await client.connect(new StreamableHTTPClientTransport(new URL(url), options));
  return client;
}

/** Sends one message in the legacy era, as an MCP client would. */
export function post(url: string, message: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });
}
