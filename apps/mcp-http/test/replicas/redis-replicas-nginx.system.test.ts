import { setTimeout } from 'node:timers/promises';
import { redisServer, type RedisServer } from '@org/redis-connection/testing';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect, type Env } from '../support/mcp-http.js';
import { startNginx, startReplicas, stopReplicas, type Nginx, type Replica } from './replicas.js';
import { callTool } from '../support/tool-call.js';

let database: TemporaryDatabase;
let redis: RedisServer;
let replicas: Replica[];
let nginx: Nginx;
beforeEach(async () => {
  database = await temporaryDatabase();
  redis = await redisServer();
  await redis.start();
});
afterEach(async () => {
  await nginx.stop();
  await stopReplicas(replicas);
  await redis.kill();
  await database.drop();
});

async function start(env: Env = {}): Promise<void> {
  replicas = await startReplicas(3, { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '2', ...env });
  nginx = await startNginx(replicas.map(({ port }) => port));
  await callTool(nginx.mcp, 'registerSession');
}

/** Collects the change notifications of a client until it is closed. */
async function listen(mcp: string, uris: string[]): Promise<{ heard: string[]; close: () => Promise<void> }> {
  const client = await connect('v2 client, modern', 'listener', mcp);
  if (!('listen' in client)) throw new TypeError('the modern client can listen');
  const heard: string[] = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void heard.push(params.uri));
  await client.listen({ resourceSubscriptions: uris });
  return { heard, close: () => client.close() };
}

const log = 'handoff://context/work';
const note = { contextType: 'message', content: 'text' };

/** Appends at each replica. A client that listens through nginx, at one of them, is notified each time. */
async function expectHeard(listener: { readonly heard: string[] }): Promise<void> {
  for (const replica of replicas) {
    listener.heard.length = 0;
    await callTool(replica.process().mcp, 'updateContext', note);
    await expect.poll(() => listener.heard).toContain(log);
  }
}

/** Waits for an offer at each replica, and makes the offer at the next replica. */
async function expectWoken(): Promise<void> {
  for (const [index, replica] of replicas.entries()) {
    const agent = `waiter-${index}`;
    const answer = callTool(replica.process().mcp, 'listHandoffs', { sessionKey: undefined, agent, waitSeconds: 45 });
    const offer = { requestType: 'context_transfer', targetAgent: agent, summary: 'Go on.' };
    const other = replicas[(index + 1) % replicas.length] as Replica;
    await callTool(other.process().mcp, 'requestHandoff', offer);
    expect((await answer).text).toContain('"summary":"Go on."');
    await callTool(other.process().mcp, 'resolveHandoff', { ...(await offered(agent)), outcome: 'cancelled' });
  }
}

async function offered(agent: string): Promise<object> {
  const [row] = await database.query(`select handoff_id from handoffs where target_agent = $1 and status = 'pending'`, [
    agent,
  ]);
  return { sessionKey: undefined, handoffId: row?.['handoff_id'] };
}

describe('changes at one replica reach clients that listen or wait at another', { timeout: 120_000 }, () => {
  it('with Redis', async () => {
    await start({ REDIS_URL: redis.url });
    const listener = await listen(nginx.mcp, [log]);
    await expectHeard(listener);
    await expectWoken();
    await listener.close();
  });

  it('without Redis', async () => {
    await start();
    const listener = await listen(nginx.mcp, [log]);
    await expectHeard(listener);
    await expectWoken();
    await listener.close();
  });

  it('while Redis is killed and started again', async () => {
    await start({ REDIS_URL: redis.url });
    const listener = await listen(nginx.mcp, [log]);
    await expectHeard(listener);
    await redis.kill();
    await expectHeard(listener);
    await expectWoken();
    await redis.start();
    await expectHeard(listener);
    await expectWoken();
    await listener.close();
  });
});

it('sends no notifications of another namespace', { timeout: 120_000 }, async () => {
  await start({ REDIS_URL: redis.url, CONTEXT_NAMESPACE: 'ours' });
  const theirs = await startReplicas(2, {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    CONTEXT_NAMESPACE: 'theirs',
  });
  const [first, second] = theirs.map((replica) => replica.process().mcp);
  await callTool(first ?? '', 'registerSession');
  const uris = [log, 'handoff://sessions', 'handoff://stats', 'handoff://inbox/planner'];
  const [our, their] = [await listen(nginx.mcp, uris), await listen(first ?? '', uris)];
  // A process that connects to Redis while clients begin to listen notifies them of possible changes.
  await setTimeout(2000);
  our.heard.length = 0;
  await callTool(second ?? '', 'updateContext', note);
  await callTool(second ?? '', 'requestHandoff', { requestType: 'context_transfer', summary: 'Go on.' });
  await expect.poll(() => their.heard).toEqual(expect.arrayContaining([log, 'handoff://sessions', 'handoff://stats']));
  expect(our.heard).toEqual([]);
  // Later notifications do not overtake earlier ones.
  await expectHeard(our);
  expect(our.heard).not.toContain('handoff://stats');
  await our.close();
  await their.close();
  await stopReplicas(theirs);
});
