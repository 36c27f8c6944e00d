import { once } from 'node:events';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { openHttpServer } from './http-server.js';

const muchLongerThanTheTestMs = 600_000;

it('drains calls under way, without waiting for idle connections and for those that never send a request', async () => {
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
  // Longer than a silent connection is kept if no call is under way.
  await new Promise((later) => setTimeout(later, 800));
  resolve(new Response('answer'));
  expect(await (await call).text()).toBe('answer');
  await drained;
  silent.destroy();
});

it.each(['close', 'Close, TE'])(
  'closes a connection whose client sends Connection: %s, even if the answer asks to keep it',
  async (said) => {
    const keeping = { headers: { connection: 'keep-alive' } };
    const server = await openHttpServer({ fetch: () => new Response('answer', keeping), host: '127.0.0.1', port: 0 });
    const client = createConnection(Number(new URL(server.url).port), '127.0.0.1');
    client.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: ${said}\r\n\r\n`);
    // Resolves when the server has closed the connection.
    expect(await text(client)).toMatch(/^connection: close\r$/im);
    await server.drain(muchLongerThanTheTestMs);
  },
);
