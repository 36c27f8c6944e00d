import { once } from 'node:events';
import { createServer, request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { readRequest } from './read-request.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('keeps no memory of a body that was read while its request waits for an answer', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const client = request({ port, method: 'POST', headers }).on('error', () => undefined);
  client.end(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: { x: 'x'.repeat(1_000_000) } }));
  const [incoming] = (await once(server, 'request')) as [IncomingMessage];
  const pieces: WeakRef<Buffer>[] = [];
  incoming.on('data', (piece: Buffer) => pieces.push(new WeakRef(piece)));
  expect(await readRequest(incoming, { maxBytes: 2_000_000, hasRoom: () => true })).toHaveProperty(
    'kind',
    'notification',
  );
  expect(pieces.length).toBeGreaterThan(1);

  const held = (): number => {
    collectGarbage();
    return pieces.filter((piece) => piece.deref() !== undefined).length;
  };
  await expect.poll(held).toBe(0);
  expect(incoming.listenerCount('data')).toBeGreaterThan(0);
  client.destroy();
  server.close();
});
