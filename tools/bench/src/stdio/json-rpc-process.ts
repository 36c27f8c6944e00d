import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

export interface ProgramToStart {
  /** A JavaScript file. */
  readonly program: string;
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Of Node itself. */
  readonly nodeArguments?: readonly string[] | undefined;
}

interface Answer {
  readonly id: number;
  readonly result?: { readonly isError?: boolean; readonly structuredContent?: unknown };
  readonly error?: unknown;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * An MCP server in a process of its own, spoken to in lines of JSON. It does the least that a client can do: what a full
 * client costs would be on both sides of every comparison, and hide what the servers cost.
 */
export class JsonRpcProcess {
  readonly pid: number;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #closed: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #rest = '';

  constructor({ program, env, nodeArguments = [] }: ProgramToStart) {
    this.#child = spawn(process.execPath, [...nodeArguments, program], {
      env: { PATH: process.env['PATH'] ?? '', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.pid = this.#child.pid ?? 0;
    this.#closed = once(this.#child, 'close');
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk));
    this.#child.on('close', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${program} ended with ${code}`));
    });
  }

  /** Greets the server. Calls of tools may follow. */
  async initialize(): Promise<void> {
    await this.request('initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'bench', version: '1' },
    });
    this.#send({ method: 'notifications/initialized' });
  }

  /** @throws when the tool answers with an error */
  async callTool(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    const result = (await this.request('tools/call', { name, arguments: args })) as Answer['result'];
    if (result?.isError === true) throw new Error(`${name}: ${JSON.stringify(result)}`);
    return result?.structuredContent;
  }

  request(method: string, params: unknown): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, method, params });
    });
  }

  /** Leaves, as a client does, and waits for the process to end. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }

  #send(message: object): void {
    this.#child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #read(chunk: string): void {
    const lines = (this.#rest + chunk).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#settle(JSON.parse(line) as Answer);
  }

  #settle({ id, result, error }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve(result);
    else waiting?.reject(new Error(JSON.stringify(error)));
  }
}
