import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import { post, type HttpServerProcess } from './mcp-http.js';

let issuer: AuthorizationServer;
let server: HttpServerProcess;
beforeAll(async () => {
  issuer = await AuthorizationServer.start();
  server = await serverFor(issuer);
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
});

const listSessions = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'listSessions', arguments: {} } };
const callWith = ({ mcp }: HttpServerProcess, token: string): Promise<Response> =>
  post(mcp, listSessions, { authorization: `Bearer ${token}` });
const statusOf = async (to: HttpServerProcess, token: string): Promise<number> => (await callWith(to, token)).status;

describe('the keys of the issuer', () => {
  it('are fetched from AUTH_JWKS_URL, without reading the metadata of the issuer', async () => {
    const iss = 'https://issuer.invalid';
    const told = await serverFor(issuer, { AUTH_ISSUER: iss, AUTH_JWKS_URL: `${issuer.issuer}/jwks` });
    onTestFinished(async () => void (await told.stop()));
    expect(await statusOf(told, await issuer.sign({ iss }))).toBe(200);
    expect(await statusOf(told, await issuer.sign())).toBe(401);
  });

  it('are fetched again when they change, and new tokens of the old keys are refused', async () => {
    const before = await issuer.sign({ jti: 'before' });
    await issuer.rotateKeys();
    await expect.poll(async () => statusOf(server, await issuer.sign())).toBe(200);
    expect(await statusOf(server, before)).toBe(401);
  });

  it('are tried one after another for a token that does not name its key', async () => {
    const anonymous = (jti: string): Promise<string> => issuer.sign({ jti }, { kid: undefined });
    const [first, forged] = [await anonymous('first'), (await anonymous('forged')).replace(/.{20}$/, 'A'.repeat(20))];
    await issuer.rotateKeys({ keepsOld: true });
    const second = await anonymous('second');
    // Only the signature shows that the issuer has a new key.
    await expect.poll(() => statusOf(server, second)).toBe(200);
    expect(await statusOf(server, first)).toBe(200);
    expect(await statusOf(server, forged)).toBe(401);
    await issuer.rotateKeys();
    await expect.poll(async () => statusOf(server, await anonymous('third'))).toBe(200);
    expect(await statusOf(server, await issuer.sign({ jti: 'named' }))).toBe(200);
  });

  it('stay in use while the issuer is unavailable', async () => {
    const { again } = await issuer.stop();
    expect(await statusOf(server, await issuer.sign({ jti: 'away' }))).toBe(200);
    // The server cannot find out whether the issuer has this key now.
    await expect.poll(async () => statusOf(server, await issuer.sign({}, { kid: 'new' }))).toBe(503);
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
    await again();
    await expect.poll(async () => statusOf(server, await issuer.sign({}, { kid: 'new' }))).toBe(401);
  });

  it('are fetched later by a server that starts while the issuer is unavailable; it refuses all tokens until then', async () => {
    const { again } = await issuer.stop();
    const waiting = await serverFor(issuer);
    onTestFinished(async () => void (await waiting.stop()));
    const response = await callWith(waiting, await issuer.sign());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    const ready = await fetch(`${waiting.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'The keys of the authorization server cannot be had.' },
    ]);
    await again();
    await expect.poll(async () => statusOf(waiting, await issuer.sign())).toBe(200);
    expect((await fetch(`${waiting.url}/ready`)).status).toBe(200);
    const told = waiting.log.map(({ msg }) => msg).filter((message) => message.startsWith('The keys of'));
    expect(told).toEqual([
      expect.stringMatching(/cannot be had, no token can be checked: .*openid-configuration: ECONNREFUSED; /),
      expect.stringContaining('are there again'),
    ]);
  });
});
