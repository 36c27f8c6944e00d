import { connect } from 'node:net';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../src/app.js';
import { CredentialError } from '../../src/auth/credential-error.js';
import { openTokenAuthenticator } from '../../src/auth/tokens/open-token-authenticator.js';
import { openHttpServer, type HttpServer } from '../../src/http/http-server.js';
import { AuthorizationServer, resource } from './authorization-server.js';

/** The number of credentials that were checked. */
let checked = 0;
let server: HttpServer;
beforeEach(() => {
  checked = 0;
});

async function startServer(refusalDelayMs: number): Promise<void> {
  const authenticate = async (credential: string) => {
    checked += 1;
    if (credential === 'forged') throw new CredentialError(401, 'it is forged');
    return { id: 'planner', namespace: 'acme', scopes: [], expiresAt: Infinity };
  };
  const app = createApp({
    service: Promise.resolve({
      serveMessage: () => Promise.resolve(new Response('served')),
      contextStore: { ping: () => Promise.resolve() },
    }),
    auth: { authenticator: { authenticate, unreadiness: () => undefined }, metadata: undefined },
    allowedHosts: ['127.0.0.1'],
    allowedOrigins: [],
    localOriginHosts: [],
    refusalDelayMs,
    isStopping: () => false,
    onError: (error) => expect.fail(String(error)),
  });
  server = await openHttpServer({ fetch: app.fetch, host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.drain(1000));
}

const ask = (credential: string, signal?: AbortSignal): Promise<Response> =>
  fetch(`${server.url}/mcp`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credential}` },
    ...(signal && { signal }),
  });

it('delays the refusal of forged credentials, and serves other callers first', async () => {
  await startServer(10_000);
  const leaving = new AbortController();
  const answered: number[] = [];
  const forged = ask('forged', leaving.signal)
    .then(({ status }) => answered.push(status))
    .catch(() => undefined);
  await expect.poll(() => checked).toBe(1);
  answered.push((await ask('good')).status);
  expect(answered).toEqual([200]);
  leaving.abort();
  await forged;
  expect(answered).toEqual([200]);
});

it('checks one credential at a time on each connection', async () => {
  await startServer(100);
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let answers = '';
  socket.on('data', (chunk) => (answers += String(chunk)));
  const request = `POST /mcp HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer forged\r\nContent-Length: 0\r\n\r\n`;
  socket.write(request.repeat(10));
  await expect
    .poll(() => answers.match(/HTTP\/1.1 \d+/g))
    .toEqual(['HTTP/1.1 401', ...Array<string>(9).fill('HTTP/1.1 400')]);
  expect(checked).toBe(1);
  socket.destroy();
});

it('limits the signature checks under way, and asks other callers to retry', async () => {
  const issuer = await AuthorizationServer.start();
  const { authenticate } = await openTokenAuthenticator({
    issuer: issuer.issuer,
    audience: resource,
    namespaceClaim: 'context_namespace',
    ownNamespace: 'default',
    agentClaim: undefined,
    log: (line) => expect.fail(line),
  });
  const good = await issuer.sign();
  await authenticate(good);
  const forged = Array.from({ length: 300 }, (_, index) => `${good.slice(0, -8)}AAAAA${index + 100}`);
  const statuses = await Promise.all(
    forged.map((token) =>
      authenticate(token).then(
        () => 200,
        (error: CredentialError) => error.status,
      ),
    ),
  );
  expect(statuses.filter((status) => status === 401)).toHaveLength(256);
  expect(statuses.filter((status) => status === 503)).toHaveLength(44);
  expect(await authenticate(await issuer.sign({ sub: 'reviewer' }))).toMatchObject({ namespace: 'acme' });
  await issuer.stop();
});
