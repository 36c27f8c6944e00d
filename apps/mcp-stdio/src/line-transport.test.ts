import { PassThrough } from 'node:stream';
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { beforeEach, describe, expect, it } from 'vitest';
import { LineTransport } from './line-transport.js';

const request = (id: number, method = 'ping'): JSONRPCMessage => ({ jsonrpc: '2.0', id, method });
const response = (id: number): JSONRPCMessage => ({ jsonrpc: '2.0', id, result: {} });

let input: PassThrough;
let output: PassThrough;
let transport: LineTransport;
let received: JSONRPCMessage[];
let isClosed: boolean;
beforeEach(async () => {
  [input, output, received, isClosed] = [new PassThrough(), new PassThrough(), [], false];
  transport = new LineTransport({ input, output, maxMessageBytes: 1000 });
  Object.assign(transport, {
    onmessage: (message: JSONRPCMessage) => received.push(message),
    onclose: () => {
      isClosed = true;
    },
  });
  await transport.start();
});

const receive = async (...messages: JSONRPCMessage[]): Promise<void> => {
  for (const message of messages) input.write(`${JSON.stringify(message)}\n`);
  await new Promise(setImmediate);
};

describe('LineTransport', () => {
  it('closes only after every request is answered', async () => {
    await receive(request(1), request(2));
    input.end();
    await transport.finishing;
    await transport.send(response(1));
    expect(isClosed).toBe(false);
    await transport.send(response(2));
    await transport.closed;
    expect(isClosed).toBe(true);
    expect(String(output.read())).toBe(`${JSON.stringify(response(1))}\n${JSON.stringify(response(2))}\n`);
  });

  it('closes at once if every request is answered', async () => {
    await receive(request(1));
    await transport.send(response(1));
    await transport.finish();
    expect(isClosed).toBe(true);
  });

  it('does not wait for answers to cancelled requests or subscriptions', async () => {
    const cancelled: JSONRPCMessage = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } };
    await receive(request(1), request(2, 'subscriptions/listen'), cancelled);
    await transport.finish();
    expect(isClosed).toBe(true);
    expect(received).toHaveLength(3);
  });

  it('reads nothing more after `finish`', async () => {
    await receive(request(1));
    await transport.finish();
    await receive(request(2));
    expect(received).toEqual([request(1)]);
  });

  it.each([
    ['fails', () => input.destroy(new Error('read ECONNRESET'))],
    ['is closed', () => input.destroy()],
  ])('closes when its input %s without an `end` event, after it has answered', async (_how, lose) => {
    await receive(request(1));
    lose();
    await transport.finishing;
    expect(isClosed).toBe(false);
    await transport.send(response(1));
    await transport.closed;
    expect(isClosed).toBe(true);
  });

  it('closes when its output fails', async () => {
    await receive(request(1));
    output.destroy(new Error('EPIPE'));
    await transport.closed;
    await transport.send(response(1));
    expect(isClosed).toBe(true);
  });
});
