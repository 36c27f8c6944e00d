import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { request } from 'node:http';
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuthorizationServer, clientSecret, resource, serverFor } from './authorization-server.js';
import { eventually } from '../support/eventually.js';
import { post, type HttpServerProcess } from '../support/mcp-http.js';

const metadataUrl = 'https://context.example/.well-known/oauth-protected-resource/mcp';

let issuer: AuthorizationServer;
let server: HttpServerProcess;

beforeAll(async () => {
  issuer = await AuthorizationServer.start({
    planner: { context_namespace: 'acme' },
    outsider: {},
    misfit: { context_namespace: 'not a name' },
  });
  server = await serverFor(issuer);
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
});

const nowSeconds = (): number => Math.floor(Date.now() / 1000);
const signed: AuthorizationServer['sign'] = (changes, header) => issuer.sign(changes, header);
const without = (claim: string): Promise<string> => signed({ [claim]: undefined });

const listSessions = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'listSessions', arguments: {} } };
const callWith = (authorization: string, message: unknown = listSessions): Promise<Response> =>
  post(server.mcp, message, { authorization });
const statusWith = async (token: string): Promise<number> => (await callWith(`Bearer ${token}`)).status;

describe('a token is accepted', () => {
  it.each<[string, () => Promise<string>]>([
    ['of a client by its own credentials', () => issuer.token('planner', 'context:read')],
    ['for several audiences', () => signed({ aud: ['https://other.example', resource] })],
    ['of the type JWT', () => signed({}, { typ: 'JWT' })],
    ['of no type', () => signed({}, { typ: undefined })],
    ['with a list of scopes', () => signed({ scope: ['context:read'] })],
    ['with its scopes in scp', () => signed({ scope: undefined, scp: 'openid context:read' })],
    ['of an administrator', () => signed({ scope: 'admin' })],
    ['that expired within the tolerance of clocks', () => signed({ exp: nowSeconds() })],
  ])('%s', async (_case, token) => {
    expect(await statusWith(await token())).toBe(200);
  });

  it('after any spelling of Bearer', async () => {
    const token = await signed();
    for (const scheme of ['bearer', 'BEARER', 'Bearer ']) {
      expect((await callWith(`${scheme} ${token}`)).status).toBe(200);
    }
  });
});

/** Tokens of which exactly one thing is wrong. */
const forgeries: [string, () => Promise<string> | string][] = [
  ['for another audience', () => issuer.token('planner', 'context:read', 'https://other.example/mcp')],
  ['for an audience that begins the same', () => signed({ aud: `${resource}/other` })],
  ['for no audience', () => without('aud')],
  ['of another issuer', () => signed({ iss: 'https://other.example' })],
  ['of no issuer', () => without('iss')],
  ['that expired a minute ago', () => signed({ exp: nowSeconds() - 60 })],
  ['that never expires', () => without('exp')],
  ['that is not valid yet', () => signed({ nbf: nowSeconds() + 600 })],
  ['without a subject', () => without('sub')],
  ['of the type of a logout token', () => signed({}, { typ: 'logout+jwt' })],
  ['that is bound to a key', () => signed({ cnf: { jkt: 'thumbprint' } })],
  ['with an unknown key id', () => signed({}, { kid: 'unknown' })],
  ['signed by another key', () => signedByAnother('ES256')],
  ['signed by another key, which it brings along', () => signedByAnother('ES256', true)],
  ['signed by another kind of key', () => signedByAnother('EdDSA')],
  ['with alg none', () => new UnsecuredJWT(issuer.claims()).encode()],
  ['with alg none and a signature', async () => withHeader(await signed(), { alg: 'none' })],
  ['with HS256 and the public key as PEM for a secret', () => signedByPublicKey('pem')],
  ['with HS256 and the public key as DER for a secret', () => signedByPublicKey('der')],
  ['with changed claims', async () => withClaims(await signed(), { ...issuer.claims(), context_namespace: 'other' })],
  ['with a cut signature', async () => (await signed()).slice(0, -4)],
  ['without a signature', async () => (await signed()).replace(/[^.]+$/, '')],
  ['of five parts', async () => `${await signed()}.a.b`],
  ['that is none', () => 'nonsense'],
  ['that looks like an API key', () => 'csk_laptop.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['of 12 KB', () => 'a'.repeat(12 * 1024)],
];

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const withHeader = (token: string, header: object): string => token.replace(/^[^.]+/, part(header));
const withClaims = (token: string, changed: object): string => token.replace(/\.[^.]+\./, `.${part(changed)}.`);

async function signedByAnother(alg: string, bringsKey = false): Promise<string> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const brought = bringsKey ? { jwk: await exportJWK(publicKey) } : {};
  return new SignJWT(issuer.claims()).setProtectedHeader({ alg, kid: issuer.key.jwk.kid, ...brought }).sign(privateKey);
}

function signedByPublicKey(format: 'pem' | 'der'): Promise<string> {
  const { d: _private, ...publicJwk } = issuer.key.jwk as JsonWebKey;
  const key = createPublicKey({ key: publicJwk, format: 'jwk' });
  const secret = Buffer.from(
    format === 'pem' ? key.export({ format, type: 'spki' }) : key.export({ format, type: 'spki' }),
  );
  return new SignJWT(issuer.claims()).setProtectedHeader({ alg: 'HS256', kid: issuer.key.jwk.kid }).sign(secret);
}

const invalid = `Bearer error="invalid_token", error_description="These credentials are not valid, or not any more. Get new ones.", scope="context:read context:write handoff", resource_metadata="${metadataUrl}"`;

// The server delays each refusal by a second. These suites are concurrent, so that their tests wait at the same time.
describe.concurrent('a token is refused without a reason', () => {
  it.each(forgeries)('%s', async (_case, token) => {
    const response = await callWith(`Bearer ${await token()}`);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, invalid]);
    const message = 'These credentials are not valid, or not any more. Get new ones.';
    const requestId = response.headers.get('x-request-id');
    expect(await response.json()).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: {
        code: -32_000,
        message,
        data: { code: 'UNAUTHORIZED', message, retryable: false, details: {}, requestId },
      },
    });
  });

  it('and the log has the reason', async () => {
    // The log drops lines if there are many within a second.
    const reasons = async (): Promise<string[]> => {
      await statusWith(await signed({ aud: 'https://other.example' }));
      return server.log.map(({ msg }) => msg);
    };
    await eventually(async () =>
      expect(await reasons()).toContain('Refused a credential: unexpected "aud" claim value'),
    );
  });

  it('even right after a token was accepted that only differs in its signature', async () => {
    const token = await signed();
    expect(await statusWith(token)).toBe(200);
    expect(await statusWith(`${token.slice(0, -8)}AAAAAAAA`)).toBe(401);
  });

  it('when it expires between two calls', async () => {
    const token = await signed({ exp: nowSeconds() });
    expect(await statusWith(token)).toBe(200);
    await eventually(async () => expect(await statusWith(token)).toBe(401));
  });

  it('when it expires during a subscription, which ends then', async () => {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'listener', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const params = { _meta, notifications: { resourceSubscriptions: ['handoff://sessions'] } };
    const message = { jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params };
    const stream = await post(server.mcp, message, {
      authorization: `Bearer ${await signed({ exp: nowSeconds() + 2 })}`,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': message.method,
    });
    expect(await stream.text()).toContain('acknowledged');
  });
});

describe.concurrent('a malformed credential is refused', () => {
  it.each([
    ['another scheme', 'Basic cGxhbm5lcjpzZWNyZXQ='],
    ['nothing after the scheme', 'Bearer'],
    ['two tokens in one header', 'Bearer aaa bbb'],
    ['a list', 'Bearer aaa, Bearer bbb'],
    ['nothing at all', ''],
  ])('%s', async (_case, authorization) => {
    const response = await callWith(authorization);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, invalid]);
  });

  it('and a missing one, without an error in the challenge', async () => {
    const response = await post(server.mcp, listSessions);
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer scope="context:read context:write handoff", resource_metadata="${metadataUrl}"`,
    ]);
    expect(await response.json()).toMatchObject({
      error: { data: { code: 'UNAUTHORIZED', message: expect.stringContaining(metadataUrl) as string } },
    });
  });

  it('in the URL, in the body, and for every method', async () => {
    const token = await signed();
    const posted = [
      post(`${server.mcp}?access_token=${token}`, listSessions),
      post(server.mcp, { ...listSessions, access_token: token }),
      post(`${server.mcp}/team`, listSessions),
    ];
    for (const answer of posted) expect((await answer).status).toBe(401);
    for (const method of ['GET', 'DELETE', 'OPTIONS', 'PUT']) {
      expect((await fetch(server.mcp, { method })).status, method).toBe(401);
    }
  });

  it('in two headers, even if each is valid', async () => {
    const header = ['authorization', `Bearer ${await signed()}`];
    expect(await statusOfRaw([...header, ...header])).toBe(401);
    expect(await statusOfRaw(header)).toBe(200);
  });

  it('in a header that is too large', async () => {
    expect(await statusOfRaw(['authorization', `Bearer ${'a'.repeat(32 * 1024)}`])).toBe(431);
  });

  it('before the body is read', async () => {
    expect((await post(server.mcp, '{"jsonrpc":')).status).toBe(401);
    expect((await post(server.mcp, 'a'.repeat(8 * 1024 * 1024))).status).toBe(401);
    expect((await post(server.mcp, listSessions, { 'content-type': 'text/plain' })).status).toBe(401);
  });

  it('after Host and Origin: other web pages learn nothing', async () => {
    const response = await post(server.mcp, listSessions, { origin: 'https://evil.example' });
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([403, null]);
  });
});

/** `fetch` would join two headers of the same name. */
function statusOfRaw(headers: string[]): Promise<number | undefined> {
  const all = [
    'host',
    '127.0.0.1',
    'content-type',
    'application/json',
    'accept',
    'application/json, text/event-stream',
  ];
  return new Promise((resolve, reject) => {
    const sent = request(server.mcp, { method: 'POST', headers: [...all, ...headers] }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject).end(JSON.stringify(listSessions));
  });
}

describe.concurrent('a valid token without access', () => {
  it.for(['outsider', 'misfit'])('is refused: no usable namespace (%s)', async (client) => {
    const response = await callWith(`Bearer ${await issuer.token(client, 'context:read')}`);
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { data: { code: 'FORBIDDEN' } } });
    await eventually(() =>
      expect(server.output.stderr).toMatch(/"FORBIDDEN".*the claim context_namespace of the token is/),
    );
  });

  it('is refused with the scope that is missing', async () => {
    const token = await issuer.token('planner', 'context:read');
    const params = { name: 'registerSession', arguments: { agent: 'planner' } };
    const response = await callWith(`Bearer ${token}`, { ...listSessions, params });
    expect(response.status).toBe(403);
    const challenge = response.headers.get('www-authenticate') ?? '';
    expect(challenge).toMatch(/^Bearer error="insufficient_scope", /);
    expect(challenge).toContain('scope="context:write"');
    expect(challenge).toContain(`resource_metadata="${metadataUrl}"`);
    expect(await response.json()).toMatchObject({
      id: 1,
      error: { data: { code: 'FORBIDDEN', details: { missingScopes: ['context:write'] } } },
    });
  });

  it('may list the tools without any scope', async () => {
    const authorization = `Bearer ${await signed({ scope: 'unheard-of' })}`;
    expect((await callWith(authorization, { jsonrpc: '2.0', id: 1, method: 'tools/list' })).status).toBe(200);
    expect((await callWith(authorization)).status).toBe(403);
  });
});

describe('an official client', () => {
  /** Sends requests for the public URL to the server. */
  const viaProxy = (url: string | URL, init?: RequestInit): Promise<Response> =>
    fetch(String(url).replace('https://context.example', server.url), init);
  const connect = async (scope?: string): Promise<Client> => {
    const authProvider = new ClientCredentialsProvider({
      clientId: 'planner',
      clientSecret,
      expectedIssuer: issuer.issuer,
      ...(scope !== undefined && { scope }),
    });
    const client = new Client({ name: 'client', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(resource), { authProvider, fetch: viaProxy }));
    return client;
  };

  it('discovers the authorization server, gets a token and works', async () => {
    const client = await connect();
    const call = { name: 'registerSession', arguments: { sessionKey: 'found', agent: 'planner' } };
    expect(await client.callTool(call)).toMatchObject({
      structuredContent: { session: { namespace: 'acme', owner: 'planner' } },
    });
    await client.close();
  });

  it('asks for more scopes if the first token has too few', async () => {
    const client = await connect('context:read');
    await client.callTool({ name: 'listSessions', arguments: {} });
    const call = { name: 'registerSession', arguments: { sessionKey: 'step-up', agent: 'planner' } };
    expect(await client.callTool(call)).toMatchObject({ structuredContent: { created: true } });
    await client.close();
  });
});

it('serves its metadata to clients without credentials', async () => {
  for (const path of ['', '/mcp']) {
    const response = await fetch(`${server.url}/.well-known/oauth-protected-resource${path}`);
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
    expect(await response.json()).toEqual({
      resource,
      authorization_servers: [issuer.issuer],
      scopes_supported: ['context:read', 'context:write', 'handoff'],
      bearer_methods_supported: ['header'],
      resource_name: 'Context Store',
    });
  }
});

it('lets web pages of every origin read the metadata, with the header that MCP clients send', async () => {
  const response = await fetch(`${server.url}/.well-known/oauth-protected-resource/mcp`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://inspector.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'mcp-protocol-version',
    },
  });
  const { headers } = response;
  expect([response.status, headers.get('access-control-allow-origin')]).toEqual([204, '*']);
  expect(headers.get('access-control-allow-headers')).toBe('mcp-protocol-version');
  expect((await fetch(response.url, { method: 'HEAD' })).status).toBe(200);
  expect((await fetch(`${server.url}/register`, { method: 'POST' })).status).toBe(404);
});
