import { redisServer } from '@org/redis-connection/testing';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { expect, it, onTestFinished } from 'vitest';
import { AuthorizationServer, resource } from './authorization-server.js';
import { post } from '../support/mcp-http.js';
import { startNginx, startReplicas, stopReplicas } from '../replicas/replicas.js';

const call = (name: string, args: object) => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: { agent: 'planner', ...args } },
});
const sharedRate = 'The rate limit is shared through Redis';
const listSessions = call('listSessions', {});

it('replicas behind nginx accept the same tokens, name their issuer, and share the limit of each caller', async () => {
  const [database, redis] = [await temporaryDatabase(), await redisServer()];
  onTestFinished(database.drop);
  await redis.start();
  onTestFinished(redis.kill);
  const namespace = { context_namespace: 'acme' };
  const issuer = await AuthorizationServer.start({ planner: namespace, coder: namespace });
  onTestFinished(async () => void (await issuer.stop()));
  const replicas = await startReplicas(3, {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    AUTH_ISSUER: issuer.issuer,
    AUTH_AUDIENCE: resource,
    RATE_LIMIT_PER_SECOND: '3',
  });
  onTestFinished(() => stopReplicas(replicas));
  for (const replica of replicas) {
    await expect.poll(() => replica.process().log).toContainEqual(expect.objectContaining({ msg: sharedRate }));
  }
  const nginx = await startNginx(replicas.map(({ port }) => port));
  onTestFinished(nginx.stop);

  const metadata = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', nginx.mcp));
  expect(await metadata.json()).toMatchObject({ resource, authorization_servers: [issuer.issuer] });

  const headersOf = async (client: string) => ({
    authorization: `Bearer ${await issuer.token(client, 'context:read context:write')}`,
  });
  const [planner, coder] = [await headersOf('planner'), await headersOf('coder')];
  const sessions = [1, 2, 3, 4, 5, 6].map((index) => `session-${index}`);
  for (const sessionKey of sessions) {
    expect((await post(nginx.mcp, listSessions)).status).toBe(401);
    expect(await (await post(nginx.mcp, call('registerSession', { sessionKey }), planner)).text()).toContain(
      '"namespace":"acme"',
    );
  }
  const answers = await Promise.all(
    Array.from({ length: 60 }, async () => (await post(nginx.mcp, listSessions, planner)).text()),
  );
  // With a limit each, the replicas would let 90 calls through.
  expect(answers.filter((answer) => answer.includes('RATE_LIMITED'))).not.toEqual([]);
  const seen = await (await post(nginx.mcp, listSessions, coder)).text();
  for (const sessionKey of sessions) expect(seen).toContain(sessionKey);
  const served = await nginx.served();
  expect(new Set(served.keys())).toEqual(new Set(replicas.map(({ port }) => port)));
});
