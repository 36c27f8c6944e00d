import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { unusedPort } from '@org/store-kysely/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fetchProblem } from './fetch-problem.js';

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer(({ url, socket }, response) => {
    if (url === '/text') response.end('secret');
    else if (url === '/elsewhere') response.writeHead(302, { location: '/text' }).end();
    else if (url === '/broken') socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function problemOf(url: string): Promise<string> {
  try {
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(300) });
    await response.json();
    return '';
  } catch (error) {
    return fetchProblem(error);
  }
}

it.each([
  ['http', '/text', 'the answer is no JSON'],
  ['http', '/elsewhere', 'unexpected redirect'],
  ['http', '/broken', 'other side closed'],
  ['http', '/silent', 'no answer in time'],
  ['https', '/text', 'ERR_SSL_WRONG_VERSION_NUMBER'],
])('describes %s and %s: %s', async (scheme, path, problem) => {
  expect(await problemOf(`${scheme}://127.0.0.1:${port}${path}`)).toBe(problem);
});

it('names the code of the system for a host that does not answer', async () => {
  expect(await problemOf(`http://localhost:${await unusedPort()}/`)).toBe('ECONNREFUSED');
  expect(await problemOf('https://nowhere.invalid/')).toMatch(/^(?:ENOTFOUND|EAI_AGAIN|no answer in time)$/);
});

it('names each problem once for a host with several addresses', () => {
  const [refused, alsoRefused, unreachable] = ['ECONNREFUSED', 'ECONNREFUSED', 'ENETUNREACH'].map((code) =>
    Object.assign(new Error('connect'), { code }),
  );
  const cause = new AggregateError([refused, alsoRefused, unreachable]);
  expect(fetchProblem(new TypeError('fetch failed', { cause }))).toBe('ECONNREFUSED, ENETUNREACH');
});
