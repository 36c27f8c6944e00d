import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createApiKey } from '@org/api-keys';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import { post, temporaryFolder, type HttpServerProcess } from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let issuer: AuthorizationServer;
let server: HttpServerProcess;
let expired: string;
beforeAll(async () => {
  folder = await temporaryFolder();
  issuer = await AuthorizationServer.start();
  const API_KEYS_FILE = join(folder.path, 'keys.jsonl');
  const wanted = { namespace: 'acme', agent: undefined, scopes: ['context:read'] };
  expired = (await createApiKey(API_KEYS_FILE, { ...wanted, id: 'expired' })).key;
  const entry = JSON.parse(await readFile(API_KEYS_FILE, 'utf8')) as object;
  await writeFile(API_KEYS_FILE, `${JSON.stringify({ ...entry, expiresAt: '2020-01-01T00:00:00Z' })}\n`);
  await createApiKey(API_KEYS_FILE, { ...wanted, id: 'known' });
  server = await serverFor(issuer, { API_KEYS_FILE });
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
  await folder.remove();
});

const secret = 'Sm9obiBEb2UncyBzZWNyZXQga2V5LCBzZWNyZXQhISE'.slice(0, 43);
const send = (authorization: string): Promise<Response> =>
  post(server.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { authorization });

it.each<[string, () => string | Promise<string>, string | undefined, RegExp]>([
  ['a forged key', () => `csk_known.${secret}`, 'key:known', /not the API key known/],
  ['an expired key', () => expired, 'key:expired', /the API key expired has expired/],
  ['a removed key', () => `csk_removed.${secret}`, 'key:removed', /no API key has this id/],
  ['a key that is cut', () => `csk_known.${secret.slice(1)}`, undefined, /malformed/],
  ['a key without its id', () => `csk_${secret}`, undefined, /malformed/],
  ['a token that is not signed', () => `eyJhbGciOiJub25lIn0.${secret}.`, undefined, /./],
  ['an expired token', () => issuer.sign({ exp: 1 }), undefined, /exp/],
  ['a word', () => secret, undefined, /./],
])('names %s in the log, with the address, and no part of its secret', async (_what, create, named, reason) => {
  const credential = await create();
  const before = server.log.length;
  expect((await send(`Bearer ${credential}`)).status).toBe(401);
  const lines = server.log.slice(before);
  expect(lines).toMatchObject([
    {
      level: 'warn',
      code: 'UNAUTHORIZED',
      address: '127.0.0.1',
      requestId: expect.any(String) as string,
      msg: expect.stringMatching(reason) as string,
    },
  ]);
  expect(lines[0]?.['credential']).toBe(named);
  const hidden = named === undefined ? credential : (credential.split('.')[1] ?? '');
  for (const part of hidden
    .replace('csk_known', '')
    .split(/[._]/)
    .filter(({ length }) => length > 8)) {
    expect(JSON.stringify(lines)).not.toContain(part.slice(0, 12));
  }
});

it('logs the first ten of a flood within a second, and counts the others', async () => {
  const before = server.log.length;
  await Promise.all(Array.from({ length: 60 }, () => send(`Bearer csk_known.${secret}`)));
  const counted = (): number =>
    server.log
      .slice(before)
      .reduce((sum, { leftOut, credential }) => sum + Number(leftOut ?? (credential === undefined ? 0 : 1)), 0);
  await expect.poll(counted).toBe(60);
  expect(server.log.length - before).toBeLessThan(40);
});
