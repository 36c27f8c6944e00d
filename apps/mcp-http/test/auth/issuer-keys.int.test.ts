import { describe, expect, it, type TestContext } from 'vitest';
import { AuthorizationServer, serverFor } from './authorization-server.js';
import { eventually } from '../support/eventually.js';
import { post, type Env, type HttpServerProcess } from '../support/mcp-http.js';

async function startIssuer({ onTestFinished }: TestContext): Promise<AuthorizationServer> {
  const issuer = await AuthorizationServer.start();
  onTestFinished(async () => void (await issuer.stop()));
  return issuer;
}

async function startServer(
  { onTestFinished }: TestContext,
  issuer: AuthorizationServer,
  env: Env = {},
): Promise<HttpServerProcess> {
  const server = await serverFor(issuer, env);
  onTestFinished(async () => void (await server.stop()));
  return server;
}

const listSessions = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'listSessions', arguments: {} } };
const callWith = ({ mcp }: HttpServerProcess, token: string): Promise<Response> =>
  post(mcp, listSessions, { authorization: `Bearer ${token}` });
const statusOf = async (to: HttpServerProcess, token: string): Promise<number> => (await callWith(to, token)).status;

// The server delays refusals by a second, and fetches keys at most every two seconds.
describe.concurrent('the keys of the issuer', () => {
  it('are fetched from AUTH_JWKS_URL, without reading the metadata of the issuer', async (context) => {
    const iss = 'https://issuer.invalid';
    const issuer = await startIssuer(context);
    const env = { AUTH_ISSUER: iss, AUTH_JWKS_URL: `${issuer.issuer}/jwks` };
    const server = await startServer(context, issuer, env);
    expect(await statusOf(server, await issuer.sign({ iss }))).toBe(200);
    expect(await statusOf(server, await issuer.sign())).toBe(401);
  });

  it('are fetched again when they change, and new tokens of the old keys are refused', async (context) => {
    const issuer = await startIssuer(context);
    const server = await startServer(context, issuer);
    const before = await issuer.sign({ jti: 'before' });
    await issuer.rotateKeys();
    await eventually(async () => expect(await statusOf(server, await issuer.sign())).toBe(200));
    expect(await statusOf(server, before)).toBe(401);
  });

  it('are tried one after another for a token that does not name its key', async (context) => {
    const issuer = await startIssuer(context);
    const server = await startServer(context, issuer);
    const anonymous = (jti: string): Promise<string> => issuer.sign({ jti }, { kid: undefined });
    const [first, forged] = [await anonymous('first'), (await anonymous('forged')).replace(/.{20}$/, 'A'.repeat(20))];
    await issuer.rotateKeys({ keepsOld: true });
    const second = await anonymous('second');
    // Only the signature shows that the issuer has a new key.
    await eventually(async () => expect(await statusOf(server, second)).toBe(200));
    expect(await statusOf(server, first)).toBe(200);
    expect(await statusOf(server, forged)).toBe(401);
    await issuer.rotateKeys();
    await eventually(async () => expect(await statusOf(server, await anonymous('third'))).toBe(200));
    expect(await statusOf(server, await issuer.sign({ jti: 'named' }))).toBe(200);
  });

  it('stay in use while the issuer is unavailable', async (context) => {
    const issuer = await startIssuer(context);
    const server = await startServer(context, issuer);
    const { again } = await issuer.stop();
    expect(await statusOf(server, await issuer.sign({ jti: 'away' }))).toBe(200);
    // The server cannot find out whether the issuer has this key now.
    await eventually(async () => expect(await statusOf(server, await issuer.sign({}, { kid: 'new' }))).toBe(503));
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
    await again();
    await eventually(async () => expect(await statusOf(server, await issuer.sign({}, { kid: 'new' }))).toBe(401));
  });

  it('are fetched later by a server that starts while the issuer is unavailable; it refuses all tokens until then', async (context) => {
    const issuer = await startIssuer(context);
    const { again } = await issuer.stop();
    const server = await startServer(context, issuer);
    const response = await callWith(server, await issuer.sign());
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '2']);
    const ready = await fetch(`${server.url}/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'unavailable', reason: 'The keys of the authorization server cannot be had.' },
    ]);
    await again();
    await eventually(async () => expect(await statusOf(server, await issuer.sign())).toBe(200));
    expect((await fetch(`${server.url}/ready`)).status).toBe(200);
    const told = server.log.map(({ msg }) => msg).filter((message) => message.startsWith('The keys of'));
    expect(told).toEqual([
      expect.stringMatching(/cannot be had, no token can be checked: .*openid-configuration: ECONNREFUSED; /),
      expect.stringContaining('are there again'),
    ]);
  });
});
