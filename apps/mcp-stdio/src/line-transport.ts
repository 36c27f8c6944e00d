import type { Readable, Writable } from 'node:stream';
import {
  INVALID_REQUEST,
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from '@modelcontextprotocol/server';
import { readMessage, serializeMessage, type MessageRefusal } from '@org/mcp';
import { LineSplitter, type Line } from './line-splitter.js';

export interface LineTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** A longer line is answered with an error, and the connection stays open. */
  readonly maxMessageBytes: number;
}

/**
 * A transport with one JSON-RPC message per line. Unlike the SDK's stdio transport, it answers messages that it cannot read,
 * and stays open after a message that is too large. It closes only after every request is answered.
 *
 * It is open, then finishing (it reads nothing more, and answers what it has read), then closed.
 */
export class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Resolves when no more messages are read: the client left, or `finish` was called. */
  readonly finishing: Promise<void>;
  /** Resolves when the transport is closed. */
  readonly closed: Promise<void>;

  readonly #input: Readable;
  readonly #output: Writable;
  readonly #maxMessageBytes: number;
  readonly #splitter: LineSplitter;
  readonly #unanswered = new Set<RequestId>();
  readonly #resolveFinishing: () => void;
  readonly #resolveClosed: () => void;
  #state: 'open' | 'finishing' | 'closed' = 'open';

  constructor({ input, output, maxMessageBytes }: LineTransportOptions) {
    this.#input = input;
    this.#output = output;
    this.#maxMessageBytes = maxMessageBytes;
    this.#splitter = new LineSplitter(maxMessageBytes);
    ({ promise: this.finishing, resolve: this.#resolveFinishing } = Promise.withResolvers<void>());
    ({ promise: this.closed, resolve: this.#resolveClosed } = Promise.withResolvers<void>());
  }

  async start(): Promise<void> {
    this.#input.on('data', this.#read);
    // A socket may fail or close without an `end` event.
    for (const event of ['end', 'error', 'close']) this.#input.on(event, () => void this.finish());
    // The client no longer reads answers.
    this.#output.on('error', () => void this.close());
  }

  /** Reads nothing more, and closes once every request is answered. */
  async finish(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#input.off('data', this.#read).pause();
    this.#resolveFinishing();
    if (this.#unanswered.size === 0) await this.close();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#state === 'closed') return;
    if ('id' in message && !('method' in message)) this.#settle(message.id);
    await this.#write(`${serializeMessage(message)}\n`);
    if (this.#state === 'finishing' && this.#unanswered.size === 0) await this.close();
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    this.#input.off('data', this.#read).pause();
    this.onclose?.();
    this.#resolveFinishing();
    this.#resolveClosed();
  }

  readonly #read = (chunk: Buffer): void => {
    for (const line of this.#splitter.push(chunk)) this.#receive(line);
  };

  #receive(line: Line): void {
    if ('tooLong' in line) {
      const message = `Invalid request: the message is larger than ${this.#maxMessageBytes} bytes. Split its content.`;
      return this.#refuse({ code: INVALID_REQUEST, message, id: line.id });
    }
    if (isBlank(line.bytes)) return;
    const read = readMessage(line.bytes);
    if ('refusal' in read) return this.#refuse(read.refusal);
    this.#track(read.message);
    this.onmessage?.(read.message);
  }

  /** JSON-RPC 2.0, section 5.1: the id is null if it could not be read. */
  #refuse({ code, message, id = 'null' }: MessageRefusal): void {
    this.onerror?.(new Error(message));
    void this.#write(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}\n`);
  }

  /** A cancelled request is never answered, and a subscription only when the connection ends. */
  #track(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) {
      if (message.method !== 'subscriptions/listen') this.#unanswered.add(message.id);
    } else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.#settle((message.params as { requestId?: RequestId } | undefined)?.requestId);
    }
  }

  #settle(id: RequestId | undefined): void {
    if (id !== undefined) this.#unanswered.delete(id);
  }

  async #write(text: string): Promise<void> {
    // Resolves after an error too; the output's `error` listener then closes the connection.
    await new Promise<void>((resolve) => this.#output.write(text, () => resolve()));
  }
}

const space = 0x20;

/** Returns true for spaces and control characters only, such as the carriage return of a line that ends as on Windows. */
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte <= space);
