import { chmod, copyFile, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport, type OAuthClientProvider } from '@modelcontextprotocol/client';
import { createApiKey, revokeApiKey, rotateApiKey } from '@org/api-keys';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { Holder } from '../support/ask.js';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import { eventually } from '../support/eventually.js';
import { clientKinds, connect, HttpServerProcess, post, temporaryFolder } from '../support/mcp-http.js';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let file: string;
let server: HttpServerProcess;
const firstKeys: Record<'reader' | 'writer' | 'victim', string> = { reader: '', writer: '', victim: '' };

/** Creates a key in the file, bound to an agent or to none. */
async function newKey(path: string, id: string, scopes: readonly string[], agent?: string): Promise<string> {
  const { key } = await createApiKey(path, { id, namespace: 'acme', agent, scopes });
  return key;
}

const statusOf = async (to: HttpServerProcess, key: string): Promise<unknown> =>
  (await new Holder(to, key).call('listSessions'))['status'];
const linesOf = async (path: string): Promise<string[]> => (await readFile(path, 'utf8')).trimEnd().split('\n');

beforeAll(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, 'keys.jsonl');
  firstKeys.reader = await newKey(file, 'reader', ['context:read']);
  firstKeys.writer = await newKey(file, 'writer', ['context:read', 'context:write'], 'planner');
  firstKeys.victim = await newKey(file, 'victim', ['context:read', 'context:write'], 'victim');
  server = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: file });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

/** A server with its own copy of the file, for a test that changes the file. */
interface OwnServer {
  readonly own: HttpServerProcess;
  readonly ownFile: string;
  readonly logged: () => string;
  readonly statusWith: (key: string) => Promise<unknown>;
  /** Creates a key in the copy. */
  readonly newOwnKey: (id: string, scope: string) => Promise<string>;
}

async function startOwnServer({ onTestFinished }: TestContext): Promise<OwnServer> {
  const ownFolder = await temporaryFolder();
  const ownFile = join(ownFolder.path, 'keys.jsonl');
  await copyFile(file, ownFile);
  const own = await HttpServerProcess.start({ DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: ownFile });
  onTestFinished(async () => {
    await own.stop();
    await ownFolder.remove();
  });
  return {
    own,
    ownFile,
    logged: () => own.output.stderr,
    statusWith: (key) => statusOf(own, key),
    newOwnKey: (id, scope) => newKey(ownFile, id, [scope]),
  };
}

// The server delays refusals by a second, and looks at its file once a second. These suites are concurrent, so that
// their tests wait at the same time.
describe.concurrent('an API key', () => {
  it('gives access to its namespace, by its scopes', async () => {
    const writer = new Holder(server, firstKeys.writer);
    expect(await writer.result('registerSession', { sessionKey: 'work' })).toMatchObject({
      session: { namespace: 'acme', owner: 'planner' },
    });
    const reader = new Holder(server, firstKeys.reader);
    expect(await reader.result('getContext', { sessionKey: 'work' })).toMatchObject({ entries: [] });
    expect(await reader.call('registerSession', { agent: 'a' })).toMatchObject({
      status: 403,
      error: { data: { details: { missingScopes: ['context:write'] } } },
    });
  });

  it('moves no read mark with read scopes alone, and only the mark of the agent to which it is bound', async () => {
    const holder = (name: keyof typeof firstKeys): Holder => new Holder(server, firstKeys[name]);
    const [victim, writer, reader] = [holder('victim'), holder('writer'), holder('reader')];
    const sessionKey = 'marked';
    await writer.result('registerSession', { sessionKey });
    for (const content of ['one', 'two'])
      await writer.result('updateContext', { sessionKey, contextType: 'message', content });

    const theft = { sessionKey, agent: 'victim', ackSequence: 2 };
    expect(await reader.call('getContext', theft)).toMatchObject({
      status: 403,
      error: { data: { details: { missingScopes: ['context:write'] } } },
    });
    expect(await writer.call('getContext', theft)).toMatchObject({ structuredContent: { code: 'FORBIDDEN' } });
    const unread = { sessionKey, unread: true };
    expect(await victim.result('getContext', unread)).toMatchObject({ entries: [{ sequence: 1 }, { sequence: 2 }] });
    expect(await reader.result('getContext', { ...unread, agent: 'victim' })).toMatchObject({ lastSequence: 2 });

    expect(await victim.result('getContext', { ...unread, ackSequence: 2 })).toMatchObject({ entries: [] });
    expect(await victim.result('getContext', { ...unread, ackSequence: 1 })).toMatchObject({
      entries: [{ sequence: 2 }],
    });
  });

  it.each(clientKinds)('is all that a client needs: %s', async (kind) => {
    const headers = { authorization: `Bearer ${firstKeys.reader}` };
    const client = await connect(kind, 'client', server.mcp, headers);
    expect(await client.callTool({ name: 'listSessions', arguments: {} })).not.toHaveProperty('isError');
    await client.close();
  });

  it.each<[string, () => string]>([
    ['with another secret', () => firstKeys.reader.replace(/\..*/, `.${'A'.repeat(43)}`)],
    ['with the secret of another key', () => `csk_writer.${firstKeys.reader.split('.')[1]}`],
    ['with an unknown id', () => firstKeys.reader.replace('reader', 'unknown')],
    ['without a secret', () => 'csk_reader'],
    ['with less of its secret', () => firstKeys.reader.slice(0, -1)],
    ['that is its hash', () => 'csk_reader.sha256'],
    ['that is a token', () => 'eyJhbGciOiJub25lIn0.e30.'],
  ])('is refused %s', async (_case, key) => {
    const response = await post(server.mcp, {}, { authorization: `Bearer ${key()}` });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer error="invalid_token", error_description="These credentials are not valid, or not any more. Get new ones.", scope="context:read context:write handoff"',
    ]);
  });

  it('is required, and the server names no authorization server', async () => {
    const response = await post(server.mcp, {});
    expect([response.status, await response.text()]).toEqual([
      401,
      expect.stringContaining('an API key of this server'),
    ]);
    expect((await fetch(`${server.url}/.well-known/oauth-protected-resource/mcp`)).status).toBe(404);
  });

  it('works beside tokens if both are accepted', async ({ onTestFinished }) => {
    const issuer = await AuthorizationServer.start();
    const both = await serverFor(issuer, { API_KEYS_FILE: file });
    onTestFinished(async () => {
      await both.stop();
      await issuer.stop();
    });
    for (const credential of [firstKeys.reader, await issuer.sign()]) {
      expect(await new Holder(both, credential).result('listSessions')).toEqual({ sessions: [] });
    }
  });

  it('expires', async (context) => {
    const { ownFile, statusWith, newOwnKey } = await startOwnServer(context);
    const key = await newOwnKey('short', 'context:read');
    const expiring = async (expiresAt: string): Promise<void> => {
      const entries = (await linesOf(ownFile)).map((line) => JSON.parse(line) as { id: string });
      const changed = entries.map((entry) => JSON.stringify(entry.id === 'short' ? { ...entry, expiresAt } : entry));
      await writeFile(ownFile, `${changed.join('\n')}\n`);
    };
    await expiring(new Date(Date.now() + 3_600_000).toISOString());
    await eventually(async () => expect(await statusWith(key)).toBe(200));
    await expiring('2026-01-01T00:00:00+02:00');
    await eventually(async () => expect(await statusWith(key)).toBe(401));
  });

  it('has its own rate limit, which callers without the key cannot use up', async ({ onTestFinished }) => {
    const env = { DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: file, RATE_LIMIT_PER_SECOND: '1' };
    const limited = await HttpServerProcess.start(env);
    onTestFinished(async () => void (await limited.stop()));
    const [reader, writer] = [new Holder(limited, firstKeys.reader), new Holder(limited, firstKeys.writer)];
    const forger = new Holder(limited, firstKeys.reader.replace('reader', 'unknown'));
    const refusals = await Promise.all(Array.from({ length: 11 }, () => forger.call('listSessions')));
    for (const refusal of refusals) expect(refusal).toMatchObject({ status: 401 });
    for (let sent = 0; sent < 10; sent += 1) expect(await reader.result('listSessions')).toEqual({ sessions: [] });
    expect(await reader.call('listSessions')).toMatchObject({ structuredContent: { code: 'RATE_LIMITED' } });
    expect(await writer.result('listSessions')).toEqual({ sessions: [] });
  });
});

describe.concurrent('the file of API keys', () => {
  it('counts at the next call: a created key is accepted, and a revoked one refused', async (context) => {
    const { ownFile, statusWith, newOwnKey } = await startOwnServer(context);
    const key = await newOwnKey('brief', 'context:read');
    expect(await statusWith(key)).toBe(200);
    await revokeApiKey(ownFile, 'brief');
    expect(await statusWith(key)).toBe(401);
    expect(await statusWith(firstKeys.reader)).toBe(200);
  });

  it('accepts the old secret of a rotated key until its grace ends', async (context) => {
    const { ownFile, statusWith, newOwnKey } = await startOwnServer(context);
    const old = await newOwnKey('rotated', 'context:read');
    const { key } = await rotateApiKey(ownFile, 'rotated', { graceMs: 3_600_000 });
    expect([await statusWith(old), await statusWith(key)]).toEqual([200, 200]);
    const sound = await readFile(ownFile, 'utf8');
    await writeFile(ownFile, sound.replace(/("previous":.*"expiresAt":)"[^"]*"/, '$1"2026-01-01T00:00:00Z"'));
    expect([await statusWith(old), await statusWith(key)]).toEqual([401, 200]);
    const { key: newest } = await rotateApiKey(ownFile, 'rotated');
    expect([await statusWith(key), await statusWith(newest)]).toEqual([401, 200]);
  });

  it('is read again when a key is added, and when it is replaced', async (context) => {
    const { ownFile, statusWith, newOwnKey } = await startOwnServer(context);
    const added = await newOwnKey('added', 'context:read');
    await eventually(async () => expect(await statusWith(added)).toBe(200));
    const others = (await linesOf(ownFile)).filter((line) => !line.includes('"added"'));
    await writeFile(`${ownFile}.new`, `\n${others.join('\n\n')}\n`, { mode: 0o600 });
    await rename(`${ownFile}.new`, ownFile);
    await eventually(async () => expect(await statusWith(added)).toBe(401));
    expect(await statusWith(firstKeys.reader)).toBe(200);
  });

  it('changes no keys while it is malformed or missing, and the log says so', async (context) => {
    const { ownFile, logged, statusWith, newOwnKey } = await startOwnServer(context);
    const sound = await readFile(ownFile, 'utf8');
    await writeFile(ownFile, `${sound}{"id":"half`);
    await eventually(() => expect(logged()).toMatch(/cannot be used as it is, the keys from before stay: line \d+: /));
    expect(await statusWith(firstKeys.reader)).toBe(200);
    await rm(ownFile);
    await eventually(() => expect(logged()).toMatch(/the keys from before stay: ENOENT/));
    expect(await statusWith(firstKeys.reader)).toBe(200);
    await symlink(ownFile, ownFile);
    await eventually(() => expect(logged()).toMatch(/the keys from before stay: ELOOP/));
    expect(await statusWith(firstKeys.reader)).toBe(200);
    await rm(ownFile);
    await writeFile(ownFile, sound, { mode: 0o600 });
    const back = await newOwnKey('back', 'context:read');
    await eventually(async () => expect(await statusWith(back)).toBe(200));
  });

  it('is read again on SIGHUP, and the log warns if other users may read it', async (context) => {
    const { own, ownFile, logged, statusWith } = await startOwnServer(context);
    const times = (): number => logged().split('was read again').length;
    const before = times();
    expect(logged()).not.toContain('chmod');
    await chmod(ownFile, 0o644);
    own.child.kill('SIGHUP');
    await eventually(() => expect(logged()).toContain('is open to other users of this machine: chmod 600 it'));
    expect(times()).toBeGreaterThan(before);
    expect(await statusWith(firstKeys.reader)).toBe(200);
  });

  it('keeps the server from starting if it cannot be read', async () => {
    const env = { DATABASE_URL: 'sqlite::memory:', API_KEYS_FILE: join(folder.path, 'missing.jsonl') };
    const { code, stderr } = await (await HttpServerProcess.start(env)).finished;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^mcp-http: API_KEYS_FILE is not valid: ENOENT.*\n$/)]);
  });
});

it('writes no API key to the log', () => {
  const logged = server.output.stderr;
  expect(logged).toContain('not the API key reader');
  for (const key of Object.values(firstKeys)) expect(logged).not.toContain(key.split('.')[1]);
});

describe('a client that looks for an authorization server', () => {
  it.each([
    ['GET', '/.well-known/oauth-protected-resource/mcp', 404],
    ['GET', '/.well-known/oauth-protected-resource', 404],
    ['GET', '/.well-known/oauth-authorization-server', 404],
    ['GET', '/.well-known/openid-configuration', 404],
    ['POST', '/register', 403],
    ['GET', '/authorize?response_type=code', 403],
    ['POST', '/token', 403],
  ])('is told at %s %s to send an API key', async (method, path, status) => {
    const response = await fetch(server.url + path, { method });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([status, '*']);
    expect(await response.json()).toEqual({
      error: 'access_denied',
      error_description: expect.stringMatching(/API key.*Authorization: Bearer/) as string,
    });
  });

  it('shows that message to its user, as the client of the SDK does', async () => {
    const client = new Client({ name: 'client', version: '1' });
    const authProvider: OAuthClientProvider = {
      redirectUrl: 'http://localhost/callback',
      clientMetadata: { redirect_uris: ['http://localhost/callback'] },
      clientInformation: () => undefined,
      saveClientInformation: () => undefined,
      tokens: () => undefined,
      saveTokens: () => undefined,
      redirectToAuthorization: () => undefined,
      saveCodeVerifier: () => undefined,
      codeVerifier: () => '',
    };
    const transport = new StreamableHTTPClientTransport(new URL(server.mcp), { authProvider });
    await expect(client.connect(transport)).rejects.toThrow('This server takes API keys alone');
  });
});
