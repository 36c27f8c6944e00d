import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHttpServer, type HttpServer } from '../../src/http/http-server.js';

let server: HttpServer;
let endStream: () => void;
beforeAll(async () => {
  server = await openHttpServer({
    host: '127.0.0.1',
    port: 0,
    headersTimeoutMs: 200,
    requestTimeoutMs: 400,
    fetch: async (request) => {
      if (request.method === 'POST') return new Response(await request.text());
      if (!request.url.endsWith('/stream')) return new Response('served');
      return new Response(
        new ReadableStream({
          start: (controller) => {
            controller.enqueue(Buffer.from('begun '));
            endStream = () => {
              controller.enqueue(Buffer.from('ended'));
              controller.close();
            };
          },
        }),
      );
    },
  });
});
afterAll(() => server.drain(1000));

/** A connection on which a text was sent, and the answer until the server closed it. */
function dribble(sent: string): { socket: Socket; answer: Promise<string> } {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  // Written before the connection is open, because a later piece may be written before that too.
  socket.write(sent);
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk))).on('error', () => undefined);
  return { socket, answer: new Promise((resolve) => socket.on('close', () => resolve(answer))) };
}

const half = 'GET / HTTP/1.1\r\nHost: a\r\n';

it.each([
  ['headers', half, 'X-More: a\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n', 'a'],
])('cuts off 100 clients that send %s slowly, and serves others meanwhile', async (_what, sent, drop) => {
  const slow = Array.from({ length: 100 }, () => dribble(sent));
  const drip = setInterval(() => {
    for (const { socket } of slow) if (socket.writable) socket.write(drop);
  }, 50);
  expect(await (await fetch(server.url)).text()).toBe('served');
  const answers = await Promise.all(slow.map(({ answer }) => answer));
  clearInterval(drip);
  for (const answer of answers) expect(answer).toMatch(/^HTTP\/1.1 408 /);
  expect(await (await fetch(server.url)).text()).toBe('served');
});

it('does not cut an answer that takes longer than the timeout of requests', async () => {
  const response = await fetch(`${server.url}/stream`);
  // The same timer cuts this client off after the stream has begun.
  expect(await dribble(half).answer).toContain('408');
  expect(await dribble('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n').answer).toContain('408');
  endStream();
  expect(await response.text()).toBe('begun ended');
});

it('refuses headers that are too large', async () => {
  expect(await dribble(`${half}X-Large: ${'a'.repeat(20_000)}\r\n\r\n`).answer).toMatch(/^HTTP\/1.1 431 /);
});
