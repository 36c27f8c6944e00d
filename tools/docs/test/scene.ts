import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';

const root = fileURLToPath(new URL('../../..', import.meta.url));

const programs = {
  'mcp-http': 'apps/mcp-http',
  'mcp-stdio': 'apps/mcp-stdio',
  'context-store': 'apps/cli',
} as const;

export type Env = Readonly<Record<string, string>>;
type Json = Readonly<Record<string, unknown>>;

/** Calls a tool in the legacy era, and returns the text of the answer. */
export type CallTool = (name: string, args: Json, headers?: Env) => Promise<string>;

export interface Server {
  readonly url: string;
  readonly call: CallTool;
}

const toolCall = (name: string, args: Json): Json => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args },
});

/** The programs that one test takes, and all that they show: what they print, answer and measure. */
export class Scene {
  readonly #texts: string[] = [];
  readonly #metrics: string[] = [];
  readonly #resources: AsyncDisposableStack;
  /** For the data of the test. */
  readonly folder: string;

  private constructor(folder: string, resources: AsyncDisposableStack) {
    this.folder = folder;
    this.#resources = resources;
  }

  static async open(): Promise<Scene> {
    const resources = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'scene-'));
    resources.defer(() => rm(folder, { recursive: true }));
    return new Scene(folder, resources);
  }

  close = (): Promise<void> => this.#resources.disposeAsync();

  /** What was shown so far, without the escapes of JSON. */
  async shown(): Promise<string> {
    const measured = await Promise.all(this.#metrics.map(async (url) => (await fetch(url)).text()));
    return [...this.#texts, ...measured].join('\n').replaceAll(/\\+"/g, '"');
  }

  note(shown: string): string {
    this.#texts.push(shown);
    return shown;
  }

  /** Runs a program until it has failed, or has been closed with the scene. */
  launch(program: keyof typeof programs, env: Env, args: readonly string[] = []): ChildProcessWithoutNullStreams {
    const child = spawn(process.execPath, [join(root, programs[program], 'dist/main.js'), ...args], {
      env: { PATH: process.env['PATH'], METRICS_PORT: 'off', PORT: '0', XDG_DATA_HOME: this.folder, ...env },
    });
    const index = this.#texts.push('') - 1;
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk) => (this.#texts[index] += String(chunk)));
    const ended = once(child, 'close');
    this.#resources.defer(async () => {
      child.kill('SIGKILL');
      await ended;
    });
    return child;
  }

  /** Runs mcp-http, which is expected to give up. */
  async fail(env: Env): Promise<void> {
    const [code] = (await once(this.launch('mcp-http', env), 'close')) as [number | null];
    if (code !== 1) throw new Error(`mcp-http did not give up: ${code}`);
  }

  /** Starts mcp-http, and resolves when it serves calls. It measures, unless told otherwise. */
  async serve(env: Env): Promise<Server> {
    const [port, metricsPort] = [await unusedPort(), await unusedPort()];
    const child = this.launch('mcp-http', { PORT: `${port}`, METRICS_PORT: `${metricsPort}`, ...env });
    const url = `http://127.0.0.1:${port}`;
    let printed = '';
    child.stderr.on('data', (chunk) => (printed += String(chunk)));
    while (!printed.includes('"msg":"Ready"')) {
      if (child.exitCode !== null) throw new Error(printed);
      await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
    }
    if (printed.includes('/metrics"')) this.#metrics.push(`http://127.0.0.1:${metricsPort}/metrics`);
    return { url, call: (name, args, headers) => this.post(url, toolCall(name, args), headers) };
  }

  /** Starts mcp-stdio, which is asked one thing after the other. */
  speak(env: Env): { call: CallTool; end: () => Promise<void> } {
    const child = this.launch('mcp-stdio', env);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      call: async (name, args) => {
        child.stdin.write(`${JSON.stringify(toolCall(name, args))}\n`);
        return String((await lines.next()).value);
      },
      end: async () => {
        child.stdin.end();
        await once(child, 'exit');
      },
    };
  }

  /** Sends one MCP message, and takes note of the answer. Not by fetch, which decides for itself what the Host is. */
  async post(url: string, message: unknown, headers: Env = {}): Promise<string> {
    const request = httpRequest(`${url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    });
    request.end(JSON.stringify(message));
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    return this.note(`HTTP ${response.statusCode} ${await text(response)}`);
  }

  /** An empty database on the PostgreSQL of the test run, or on another server. */
  async database(serverUrl?: string): Promise<TemporaryDatabase> {
    const database = await temporaryDatabase(serverUrl);
    this.#resources.defer(database.drop);
    return database;
  }

  defer(close: () => Promise<unknown>): void {
    this.#resources.defer(async () => void (await close()));
  }
}
