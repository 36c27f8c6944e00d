import { hash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { HttpServerProcess } from '@org/mcp-http/testing';
import { playSeeds, runsOf, type SeededSearch } from '@org/store-contract';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectDecent } from './fuzz/answers.js';

const search: SeededSearch = { variables: 'FUZZ', runs: 300 };
/** The number of requests at once. The server delays each refusal by a second. */
const atOnce = 100;
const key = `csk_fuzz.${'k'.repeat(43)}`;

let folder: string;
let server: HttpServerProcess;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
  const keys = join(folder, 'keys.jsonl');
  const entry = { id: 'fuzz', hash: `sha256:${hash('sha256', key)}`, namespace: 'acme', scopes: ['context:read'] };
  await writeFile(keys, JSON.stringify(entry));
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: keys });
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const part = fc.oneof(
  fc.string().map((value) => Buffer.from(value).toString('base64url')),
  fc.constantFrom('{"alg":"none"}', '{"alg":"HS256"}', '{}', '[]', 'null').map((value) => btoa(value)),
);
/** None of them is the key. */
const credential = fc.oneof(
  fc.tuple(part, part, part).map((parts) => parts.join('.')),
  fc.nat(key.length - 1).map((at) => `${key.slice(0, at)}!${key.slice(at + 1)}`),
  fc.nat(key.length - 1).map((at) => key.slice(0, at)),
  fc.constantFrom(`${key}k`, `${key}=`, key.toUpperCase(), 'csk_', 'csk_fuzz.', `csk___proto__.${'k'.repeat(43)}`),
  fc.integer({ min: 1, max: 20_000 }).map((length) => 'x'.repeat(length)),
  fc.string().map((value) => value.replaceAll(/[^\x20-\x7e]/g, '')),
);
const other = credential.filter((value) => value.trim() !== '');
/** The values of the Authorization headers: of one, several or none. */
const wrong: fc.Arbitrary<readonly string[]> = fc.oneof(
  fc
    .tuple(fc.constantFrom('Bearer ', 'bearer ', 'Bearer  ', 'Bearer', ''), credential)
    .map((words) => [words.join('')]),
  fc.constantFrom('Basic', 'Digest', 'Token', 'BearerBearer', 'Bearer,').map((scheme) => [`${scheme} ${key}`]),
  other.map((value) => [`Bearer ${value} ${key}`]),
  other.map((value) => [`Bearer ${key}, Bearer ${value}`]),
  other.map((value) => [`Bearer ${value}`, `Bearer ${key}`]),
  other.map((value) => [`Bearer ${key}`, `Bearer ${value}`]),
  fc.constant([]),
);

const message = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"listSessions","arguments":{}}}';

async function ask(authorization: readonly string[]): Promise<{ status: number; answer: string }> {
  const usual = { host: 'localhost', 'content-length': `${message.length}`, 'content-type': 'application/json' };
  const headers = [
    ...Object.entries({ ...usual, accept: 'application/json, text/event-stream' }).flat(),
    ...authorization.flatMap((value) => ['authorization', value]),
  ];
  const sent = request(server.mcp, { method: 'POST', headers });
  sent.end(message);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, answer: await text(response) };
}

it('accepts the key only, and reveals nothing to other callers', { timeout: 60_000 + runsOf(search) * 100 }, () =>
  playSeeds(search, async ({ seed, runs }) => {
    const many = fc.array(wrong, { minLength: atOnce, maxLength: atOnce });
    const property = fc.asyncProperty(many, async (tried) => {
      for (const { status, answer } of await Promise.all(tried.map(ask))) {
        expectDecent(answer);
        // 431: longer than headers may be.
        expect([401, 431]).toContain(status);
        expect(answer).not.toContain(key);
      }
    });
    await fc.assert(property, { numRuns: Math.ceil(runs / atOnce), seed });
    expect(await ask([`Bearer ${key}`])).toMatchObject({ status: 200 });
    expectDecent(server.output.stderr);
    expect(JSON.stringify(server.log)).not.toContain(key);
  }),
);
