import { once } from 'node:events';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openHttpServer } from './http-server.js';

const muchLongerThanTheTestMs = 600_000;

it('waits in the end for the calls in flight, and for no connection that asked before or never asks anything', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const { promise: called, resolve: noteCall } = Promise.withResolvers<void>();
  const server = await openHttpServer({
    fetch: () => {
      noteCall();
      return answer;
    },
    host: '127.0.0.1',
    port: 0,
    isStopping: () => true,
  });
  const silent = createConnection(Number(new URL(server.url).port), '127.0.0.1');
  await once(silent, 'connect');
  const call = fetch(server.url);
  await called;
  const drained = server.drain(muchLongerThanTheTestMs);
  // Longer than a silent connection is given when nothing is in flight.
  await new Promise((later) => setTimeout(later, 800));
  resolve(new Response('answer'));
  expect(await (await call).text()).toBe('answer');
  await drained;
  silent.destroy();
});

it.each(['close', 'Close, TE'])(
  'ends a connection whose client says %s, whatever the answer says of it',
  async (said) => {
    const keeping = { headers: { connection: 'keep-alive' } };
    const server = await openHttpServer({ fetch: () => new Response('answer', keeping), host: '127.0.0.1', port: 0 });
    const client = createConnection(Number(new URL(server.url).port), '127.0.0.1');
    client.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: ${said}\r\n\r\n`);
    // All there is until its end.
    expect(await text(client)).toMatch(/^connection: close\r$/im);
    await server.drain(muchLongerThanTheTestMs);
  },
);
