import { once } from 'node:events';
import { createConnection } from 'node:net';
import { expect, it } from 'vitest';
import { openHttpServer } from './http-server.js';

const muchLongerThanTheTestMs = 600_000;

it('waits in the end for the calls in flight, and for no connection that never asks anything', async () => {
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
