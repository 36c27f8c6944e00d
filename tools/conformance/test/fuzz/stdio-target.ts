import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { program } from '@org/mcp-stdio/testing';
import { expectDecent, expectedAnswer, expectNoFault, LiveValues, parsed, type Expected } from './answers.js';
import { messageText, type Era } from './messages.js';
import type { Env, FuzzTarget } from './fuzz-target.js';
import { ReachedTools } from './reached-tools.js';

const meta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'fuzz', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const opening = {
  legacy: {
    method: 'initialize',
    params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'fuzz', version: '1' } },
  },
  modern: { method: 'server/discover', params: { _meta: meta } },
};
const normalCall = {
  legacy: { method: 'tools/list', params: {} },
  modern: { method: 'tools/list', params: { _meta: meta } },
};

interface Answer {
  readonly id?: unknown;
  readonly method?: string;
  readonly result?: { readonly tools?: readonly unknown[] };
}

/** Longer than an answer takes on a busy machine. */
const silenceMs = 60_000;

/** A connection to mcp-stdio: one message per line. */
export class StdioTarget implements FuzzTarget<string> {
  readonly cases;
  readonly reachedTools = new ReachedTools();
  readonly #era: Era;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #live = new LiveValues();
  readonly #lines: string[] = [];
  #rest = '';
  /** The answers to the case that was sent last. */
  #answers = '';
  #stderr = '';
  #calls = 0;

  private constructor(era: Era, env: Env) {
    this.#era = era;
    this.cases = messageText(era);
    this.#child = spawn(process.execPath, [program], { env: { PATH: process.env['PATH'], ...env } });
    this.#child.stderr.setEncoding('utf8').on('data', (chunk: string) => (this.#stderr += chunk));
    this.#child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (this.#rest + chunk).split('\n');
      this.#rest = lines.pop() ?? '';
      this.#lines.push(...lines);
    });
    // If the process has ended, its exit is reported.
    this.#child.stdin.on('error', () => undefined);
  }

  static async start(era: Era, env: Env): Promise<StdioTarget> {
    const target = new StdioTarget(era, env);
    await target.#exchange(JSON.stringify({ jsonrpc: '2.0', id: 'opening', ...opening[era] }), {
      id: 'opening',
      isSure: true,
    });
    return target;
  }

  async send(text: string): Promise<void> {
    this.#answers = '';
    await this.#sendLine(text);
    this.reachedTools.count('message', this.#answers);
  }

  async #sendLine(text: string): Promise<void> {
    const line = this.#live.fillIn(text);
    const expected = expectedAnswer(line);
    const { method } = (parsed(line) ?? {}) as { method?: unknown };
    if (method !== 'subscriptions/listen' || expected === undefined) return this.#exchange(line, expected);
    // It is answered when it ends, if at all.
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: expected.id } };
    await this.#exchange(`${line}\n${JSON.stringify(cancelled)}`, { ...expected, isSure: false });
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    if (this.#child.exitCode === null) await once(this.#child, 'close');
    expectDecent(this.#stderr);
    if (this.#child.exitCode !== 0 || /warning/i.test(this.#stderr)) throw new Error(this.#stderr.slice(-3000));
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Sends a message and a normal call, and reads until both are answered. */
  async #exchange(line: string, expected: Expected | undefined): Promise<void> {
    const callId = `normal-${(this.#calls += 1)}`;
    this.#child.stdin.write(`${line}\n${JSON.stringify({ jsonrpc: '2.0', id: callId, ...normalCall[this.#era] })}\n`);
    const due = new Set<unknown>([callId, ...(expected?.isSure === true ? [expected.id] : [])]);
    const allowed = new Set<unknown>([callId, ...(expected === undefined ? [] : [expected.id])]);
    while (due.size > 0) {
      const answer = await this.#next();
      if (answer.method !== undefined) continue;
      expectNoFault(answer, line);
      if (answer.id === callId && answer.result?.tools?.length !== 10) throw new Error('The normal call failed.');
      due.delete(answer.id);
      if (!allowed.delete(answer.id)) throw new Error(`No request asked for ${JSON.stringify(answer).slice(0, 500)}`);
    }
  }

  /** Resolves when there is output, or when the output has ended. */
  async #news(): Promise<void> {
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, AbortSignal.timeout(silenceMs)]);
    try {
      await Promise.race([once(this.#child.stdout, 'data', { signal }), once(this.#child, 'close', { signal })]);
    } catch (error) {
      throw new Error('Nothing came where an answer was due.', { cause: error });
    } finally {
      over.abort();
    }
  }

  async #next(): Promise<Answer> {
    while (this.#lines.length === 0) {
      if (this.#child.exitCode !== null) throw new Error(`The process died: ${this.#stderr.slice(-3000)}`);
      await this.#news();
    }
    const line = this.#lines.shift() ?? '';
    expectDecent(line);
    this.#live.learn(line);
    this.#answers += line;
    return JSON.parse(line) as Answer;
  }
}
