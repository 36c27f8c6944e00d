import type { Readable, Writable } from 'node:stream';
import {
  INVALID_REQUEST,
  isJSONRPCNotification,
  isJSONRPCRequest,
  serializeMessage,
  type JSONRPCMessage,
  type RequestId,
  type Transport,
} from '@modelcontextprotocol/server';
import { readMessage, type MessageRefusal } from '@org/mcp';
import { LineSplitter, type Line } from './line-splitter.js';

export interface LineTransportOptions {
  readonly input: Readable;
  readonly output: Writable;
  /** A longer line is refused, and the connection lives on. */
  readonly maxMessageBytes: number;
}

/**
 * One JSON-RPC message per line. Unlike the SDK's own stdio transport it answers what it cannot read, survives a message
 * that is too large, and closes only after everything that was asked has been answered.
 */
export class LineTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: (message: JSONRPCMessage) => void;

  /** Resolves when no further message is read: the client left, or `finish` was called. */
  readonly finishing: Promise<void>;
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;

  private readonly input: Readable;
  private readonly output: Writable;
  private readonly maxMessageBytes: number;
  private readonly splitter: LineSplitter;
  private readonly unanswered = new Set<RequestId>();
  private readonly ending = Promise.withResolvers<void>();
  private readonly ended = Promise.withResolvers<void>();
  private state: 'open' | 'finishing' | 'closed' = 'open';

  constructor({ input, output, maxMessageBytes }: LineTransportOptions) {
    this.input = input;
    this.output = output;
    this.maxMessageBytes = maxMessageBytes;
    this.splitter = new LineSplitter(maxMessageBytes);
    this.finishing = this.ending.promise;
    this.closed = this.ended.promise;
  }

  async start(): Promise<void> {
    this.input.on('data', this.read);
    // A socket may break, or be closed, without an end.
    for (const over of ['end', 'error', 'close']) this.input.on(over, () => void this.finish());
    // Nobody is left to read an answer.
    this.output.on('error', () => void this.close());
  }

  /** Reads nothing more, and closes once all that was asked is answered. */
  async finish(): Promise<void> {
    if (this.state !== 'open') return;
    this.state = 'finishing';
    this.input.off('data', this.read).pause();
    this.ending.resolve();
    if (this.unanswered.size === 0) await this.close();
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.state === 'closed') return;
    if ('id' in message && !('method' in message)) this.settle(message.id);
    await this.write(serializeMessage(message));
    if (this.state === 'finishing' && this.unanswered.size === 0) await this.close();
  }

  async close(): Promise<void> {
    if (this.state === 'closed') return;
    this.state = 'closed';
    this.input.off('data', this.read).pause();
    this.onclose?.();
    this.ending.resolve();
    this.ended.resolve();
  }

  private readonly read = (chunk: Buffer): void => {
    for (const line of this.splitter.push(chunk)) this.accept(line);
  };

  private accept(line: Line): void {
    if ('tooLong' in line) {
      const message = `Invalid request: the message is larger than ${this.maxMessageBytes} bytes. Split its content.`;
      return this.refuse({ code: INVALID_REQUEST, message, id: line.id });
    }
    if (isBlank(line.bytes)) return;
    const read = readMessage(line.bytes);
    if ('refusal' in read) return this.refuse(read.refusal);
    this.track(read.message);
    this.onmessage?.(read.message);
  }

  /** JSON-RPC 2.0, section 5.1: the id is null when it could not be read. */
  private refuse({ code, message, id = 'null' }: MessageRefusal): void {
    this.onerror?.(new Error(message));
    void this.write(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify({ code, message })}}\n`);
  }

  /** A cancelled request gets no answer, and a subscription only when the connection ends. */
  private track(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) {
      if (message.method !== 'subscriptions/listen') this.unanswered.add(message.id);
    } else if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.settle((message.params as { requestId?: RequestId } | undefined)?.requestId);
    }
  }

  private settle(id: RequestId | undefined): void {
    if (id !== undefined) this.unanswered.delete(id);
  }

  private async write(text: string): Promise<void> {
    // The callback comes after an error too: then the output's own listener closes the connection.
    await new Promise<void>((resolve) => this.output.write(text, () => resolve()));
  }
}

const space = 0x20;

/** Whether there are only spaces and control characters, such as the end of a line on Windows. */
const isBlank = (bytes: Buffer): boolean => bytes.every((byte) => byte <= space);
