import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { findKeysUrl } from './find-keys-url.js';

/** The documents of the authorization servers on one host, by path. */
let documents: Record<string, unknown> = {};
const server = createServer(({ url = '' }, response) => {
  const document = documents[url];
  if (document === 'elsewhere') return void response.writeHead(302, { location: '/elsewhere' }).end();
  response.writeHead(document === undefined ? 404 : 200).end(JSON.stringify(document));
});
let origin = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  documents = {};
});
afterAll(() => server.close());

const metadata = (issuer: string, jwks_uri = 'https://keys.example/jwks'): object => ({ issuer, jwks_uri, more: 1 });

it.each([
  ['', '/.well-known/openid-configuration'],
  ['', '/.well-known/oauth-authorization-server'],
  ['/', '/.well-known/openid-configuration'],
  ['/realms/one', '/realms/one/.well-known/openid-configuration'],
  ['/realms/one', '/.well-known/oauth-authorization-server/realms/one'],
])('finds the keys of an issuer at %j by %s', async (path, document) => {
  const issuer = `${origin}${path}`;
  documents[document] = metadata(issuer);
  expect((await findKeysUrl(issuer)).href).toBe('https://keys.example/jwks');
});

it.each<[string, () => unknown, string]>([
  ['there is none', () => undefined, 'answered 404'],
  ['it is of another issuer', () => metadata(`${origin}/other`), 'of another issuer'],
  ['it names the issuer otherwise', () => metadata(`${origin}/`), 'of another issuer'],
  ['it says nothing of keys', () => ({ issuer: origin }), 'no metadata'],
  ['the keys come over an open line', () => metadata(origin, 'http://keys.example/jwks'), 'no metadata'],
  ['it is elsewhere', () => 'elsewhere', 'unexpected redirect'],
])('refuses metadata: %s', async (_case, document, problem) => {
  documents['/.well-known/openid-configuration'] = document();
  documents['/elsewhere'] = metadata(origin);
  await expect(findKeysUrl(origin)).rejects.toThrow(problem);
});
