import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { HttpServerProcess } from '@org/mcp-http/testing';
import { expectDecent, expectedAnswer, expectNoFault, LiveValues, parsed } from './answers.js';
import type { Env, FuzzTarget } from './fuzz-target.js';
import { httpCase, type HttpCase, type WireCase } from './http-requests.js';
import { ReachedTools } from './reached-tools.js';

interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

const normalCall: HttpCase = {
  kind: 'request',
  method: 'POST',
  path: '/mcp',
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  text: '{"jsonrpc":"2.0","id":"normal","method":"tools/list"}',
};

/** The server may close the connection of a request that is too large before the client reads the refusal. */
const maxUnansweredLength = 100_000;

/** How long what was sent strangely may be answered; and longer than a sound answer takes on a machine that has much else to do. */
const [waitForMoreMs, silenceMs] = [50, 20_000];

/** mcp-http over plain sockets. */
export class HttpTarget implements FuzzTarget<HttpCase | WireCase> {
  readonly cases = httpCase;
  readonly reachedTools = new ReachedTools();
  readonly #server: HttpServerProcess;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #live = new LiveValues();

  private constructor(server: HttpServerProcess) {
    this.#server = server;
  }

  static async start(env: Env): Promise<HttpTarget> {
    return new HttpTarget(await HttpServerProcess.start(env));
  }

  async send(sent: HttpCase | WireCase): Promise<void> {
    if (sent.kind === 'wire') {
      const text = await this.#write(sent);
      if (sent.isSound) this.reachedTools.count('bytes', text);
      this.#expectAnswers(text);
    } else {
      const answer = await this.#request(sent);
      this.reachedTools.count('request', answer?.text ?? '');
      this.#expectAnswer(sent, answer);
    }
    // Once more on another connection, when the first is closed for what came before.
    const normal = (await this.#request(normalCall)) ?? (await this.#request(normalCall));
    if (normal?.status !== 200 || !normal.text.includes('registerSession')) {
      throw new Error(`The normal call failed: ${normal?.text}`);
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    const { code, stderr } = await this.#server.stop();
    if (code !== 0 || stderr !== '') throw new Error(`Exit code ${code}: ${stderr.slice(-3000)}`);
  }

  kill(): void {
    this.#server.child.kill('SIGKILL');
  }

  #expectAnswer(sent: HttpCase, received: Answer | undefined): void {
    if (received === undefined) {
      if (sent.text.length > maxUnansweredLength) return;
      throw new Error('The connection was closed without an answer.');
    }
    const { status, contentType, text } = received;
    expectDecent(text);
    this.#live.learn(text);
    if (status >= 500) throw new Error(`Status ${status}: ${text}`);
    if (sent.method === 'HEAD' || [202, 204, 417, 431].includes(status)) return;
    if (!sent.path.startsWith('/mcp') || sent.method !== 'POST') return;
    const messages = contentType.startsWith('text/event-stream') ? eventsOf(text) : [parsed(text)];
    const answers = messages.filter((message) => !isNotification(message));
    const filledIn = this.#live.fillIn(sent.text);
    for (const answer of answers) {
      expectJsonRpcAnswer(answer, status, filledIn);
      expectNoFault(answer as object, filledIn);
    }
    if (answers.length > 1) throw new Error(`${answers.length} answers: ${text}`);
  }

  /** Several requests may have been written, or none that can be read: what there is of answers has a status. */
  #expectAnswers(text: string): void {
    expectDecent(text);
    for (const [, status] of text.matchAll(/^HTTP\/1\.1 (\d+)/gm)) {
      if (Number(status) >= 500) throw new Error(`Status ${status}: ${text}`);
    }
  }

  async #request({ method, path, headers, text }: HttpCase): Promise<Answer | undefined> {
    const { hostname, port } = new URL(this.#server.url);
    const body = method === 'GET' || method === 'HEAD' ? '' : this.#live.fillIn(text);
    // Node gives the body of some methods no length, and then it is the next request's beginning.
    const withLength = { ...headers, 'content-length': Buffer.byteLength(body) };
    const signal = AbortSignal.timeout(20_000);
    const sent = request({ hostname, port, method, path, headers: withLength, agent: this.#agent, signal });
    const response = await new Promise<IncomingMessage | undefined>((resolve) => {
      sent.on('response', resolve);
      // After an error too: a request may be refused, and its connection closed, before all of it is sent.
      sent.on('error', () => undefined).on('close', () => resolve(undefined));
      sent.end(body);
    });
    if (response === undefined) return undefined;
    const contentType = response.headers['content-type'] ?? '';
    const received = await readAll(response, contentType.startsWith('text/event-stream') && isListen(body));
    return { status: response.statusCode ?? 0, contentType, text: received };
  }

  async #write({ pieces, isSound }: WireCase): Promise<string> {
    const { hostname, port } = new URL(this.#server.url);
    const socket = connect(Number(port), hostname).setNoDelay();
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    // What stays open waits for more: that is right of it. To end the sending sooner would be to leave before the answer.
    let isSilent = false;
    socket.setTimeout(isSound ? silenceMs : waitForMoreMs).on('timeout', () => {
      isSilent = true;
      socket.destroy();
    });
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (const piece of pieces) {
      socket.write(piece, 'latin1');
      // Without this, they may arrive as one.
      await setImmediate();
    }
    await closed;
    if (isSound && isSilent) throw new Error('The last answer did not end its connection.');
    if (isSound && text === '' && pieces.join('').length < maxUnansweredLength) throw new Error('There was no answer.');
    return text;
  }
}

const isListen = (text: string): boolean =>
  (parsed(text) as { method?: unknown } | null | undefined)?.method === 'subscriptions/listen';

/** Subscriptions do not end, so their first event is enough. */
async function readAll(response: IncomingMessage, onlyFirst: boolean): Promise<string> {
  let text = '';
  response.setEncoding('utf8');
  for await (const chunk of response as AsyncIterable<string>) {
    text += chunk;
    if (onlyFirst && text.includes('\n\n')) break;
  }
  return text;
}

/** An event's data is one line here; what else ends a line in JavaScript ends none in a stream of events. */
export function eventsOf(text: string): unknown[] {
  const data = text.split(/\r\n|\n|\r/).flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []));
  return data.filter((line) => line !== '').map(parsed);
}

const isNotification = (message: unknown): boolean =>
  typeof message === 'object' && message !== null && 'method' in message;

/** What is refused as HTTP, unread, is answered without an id; and an id that may not be one may be repeated all the same. */
function expectJsonRpcAnswer(answer: unknown, status: number, sent: string): void {
  const { jsonrpc, id, error, result } = (answer ?? {}) as Record<string, unknown>;
  const message = (error as { message?: unknown } | undefined)?.message;
  const says = result === undefined ? typeof message === 'string' && message !== '' : status === 200;
  const ids: unknown[] = [expectedAnswer(sent)?.id ?? null];
  if (status >= 400) ids.push(null, (parsed(sent) as { id?: unknown } | null | undefined)?.id);
  if (jsonrpc !== '2.0' || !says || !ids.some((allowed) => JSON.stringify(allowed) === JSON.stringify(id))) {
    throw new Error(`Status ${status}, no answer to ${JSON.stringify(ids)}: ${JSON.stringify(answer)}`);
  }
}
