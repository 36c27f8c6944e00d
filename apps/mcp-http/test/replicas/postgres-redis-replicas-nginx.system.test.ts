import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { redisServer, type RedisServer } from '@org/redis-connection/testing';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createApiKey } from '@org/api-keys';
import { clientKinds, connect, post, temporaryFolder } from '../support/mcp-http.js';
import { startNginx, startReplicas, stopReplicas, type Nginx, type Replica } from './replicas.js';

let database: TemporaryDatabase;
let redis: RedisServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let headers: Record<string, string>;
let replicas: Replica[];
let nginx: Nginx;
beforeEach(async () => {
  [database, redis, folder] = await Promise.all([temporaryDatabase(), redisServer(), temporaryFolder()]);
  await redis.start();
  const keys = { API_KEYS_FILE: join(folder.path, 'keys.jsonl') };
  const scopes = ['context:read', 'context:write', 'handoff'];
  const { key } = await createApiKey(keys.API_KEYS_FILE, { id: 'fleet', namespace: 'acme', scopes });
  headers = { authorization: `Bearer ${key}` };
  const env = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4', REDIS_URL: redis.url };
  replicas = await startReplicas(3, { ...env, ...keys });
  nginx = await startNginx(replicas.map(({ port }) => port));
});
afterEach(async () => {
  await nginx.stop();
  await stopReplicas(replicas);
  await redis.kill();
  await database.drop();
  await folder.remove();
});

it.each(clientKinds)('any replica serves any call of a %s', async (kind) => {
  const client = await connect(kind, 'planner', nginx.mcp, headers);
  await client.callTool({ name: 'registerSession', arguments: { sessionKey: 'work', agent: 'planner' } });
  const appends = await Promise.all(
    Array.from({ length: 60 }, (_, index) =>
      client.callTool({ name: 'updateContext', arguments: entry('work', `entry ${index}`) }),
    ),
  );
  const sequences = appends.map((answer) => (answer['structuredContent'] as { sequence: number }).sequence);
  expect(sequences.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
  for (let turn = 0; turn < 6; turn += 1) {
    const page = await client.callTool({ name: 'getContext', arguments: { sessionKey: 'work', limit: 60 } });
    const { entries } = page['structuredContent'] as { entries: { content: string }[] };
    expect(new Set(entries.map(({ content }) => content)).size).toBe(60);
  }
  await expectOneStore((name, args) => client.callTool({ name, arguments: args }));
  await client.close();
  const served = await nginx.served();
  expect(new Set(served.keys())).toEqual(new Set(replicas.map(({ port }) => port)));
  expect(Math.min(...served.values())).toBeGreaterThan(10);
});

/** Uses the results of each call in the next one, which nginx sends to another replica. */
async function expectOneStore(call: (name: string, args: Record<string, unknown>) => Promise<object>): Promise<void> {
  const result = async (name: string, args: Record<string, unknown>): Promise<Record<string, unknown>> => {
    const answer = (await call(name, { agent: 'planner', ...args })) as { structuredContent: Record<string, unknown> };
    expect(answer).not.toHaveProperty('isError', true);
    return answer.structuredContent;
  };
  const keyed = { ...entry('work', 'once'), idempotencyKey: 'once' };
  expect(await result('updateContext', keyed)).toMatchObject({ sequence: 61 });
  for (let turn = 0; turn < 3; turn += 1) {
    expect(await result('updateContext', keyed)).toMatchObject({ sequence: 61, replayed: true });
  }

  const seen: number[] = [];
  let next: Record<string, unknown> = { afterSequence: 0, order: 'asc' };
  while (seen.length < 61) {
    const page = await result('getContext', { sessionKey: 'work', limit: 10, ...next });
    seen.push(...(page['entries'] as { sequence: number }[]).map(({ sequence }) => sequence));
    next = { cursor: page['nextCursor'] };
  }
  expect(seen).toEqual(Array.from({ length: 61 }, (_, index) => index + 1));

  const { handoff } = await result('requestHandoff', {
    sessionKey: 'work',
    requestType: 'full_handoff',
    targetAgent: 'coder',
  });
  const { handoffId } = handoff as { handoffId: string };
  for (let turn = 0; turn < 3; turn += 1) {
    const accepted = await result('acceptHandoff', { handoffId, agent: 'coder' });
    expect(accepted).toMatchObject({ session: { owner: 'coder', epoch: 2 } });
  }
  const refused = await call('updateContext', entry('work', 'too late'));
  expect(refused).toMatchObject({ isError: true, structuredContent: { code: 'OWNERSHIP_LOST' } });
  const returned = { handoffId, agent: 'coder', outcome: 'returned' };
  expect(await result('resolveHandoff', returned)).toMatchObject({ handoff: { status: 'returned' } });
  expect(await result('updateContext', entry('work', 'again'))).toMatchObject({ sequence: 62, epoch: 3 });
}

const entry = (sessionKey: string, content: string) => ({
  sessionKey,
  agent: 'planner',
  contextType: 'message',
  content,
});

const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'fleet', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const modernHeaders = (method: string) => ({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method });
const usualHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

describe('replicas that are replaced under load, one after another', { timeout: 180_000 }, () => {
  const sessions = ['a', 'b', 'c', 'd'];
  const callers = 16;

  it('lose nothing, and fail no call that is retried once with its idempotency key', async ({ annotate }) => {
    const load = await startLoad();
    const [listening, waiting] = [keepListening(load.failures), keepWaiting(load.failures)];
    for (let round = 0; round < 2; round += 1) {
      for (const replica of replicas) {
        expect(await replica.process().stop()).toMatchObject({ code: 0 });
        await replica.start();
        await setTimeout(200);
      }
    }
    const { acknowledged, failures, unanswered } = await load.stop();
    await annotate(`${failures.length} calls failed at first, beside ${acknowledged.size} appends`);
    expect(unanswered).toEqual([]);
    // A killed replica fails the calls that it is serving: a third of all callers' calls each time.
    expect(failures.length).toBeLessThanOrEqual(2 * replicas.length);
    const { ended, heard } = await listening.stop();
    expect(ended).toBeGreaterThan(0);
    expect(heard).toBeGreaterThan(0);
    expect(await waiting.offered()).toBe('Go on.');
    const places = await recorded();
    places.delete('the last');
    expect(places).toEqual(acknowledged);
    await expectGapless();
  });

  it('by kill -9: lose nothing that was acknowledged', async ({ annotate }) => {
    const load = await startLoad();
    for (const replica of replicas) {
      const { child, finished } = replica.process();
      child.kill('SIGKILL');
      await finished;
      await setTimeout(200);
      await replica.start();
    }
    const { acknowledged, failures, unanswered } = await load.stop();
    await annotate(
      `${failures.length} of ${acknowledged.size} appends failed at first, and ${unanswered.length} once more`,
    );
    const places = await recorded();
    expect([...acknowledged].filter(([content, place]) => places.get(content) !== place)).toEqual([]);
    await expectGapless();
  });

  async function startLoad() {
    for (const sessionKey of sessions) {
      const registered = await callAs('modern', 'registerSession', { sessionKey, agent: 'planner' });
      expect(registered).toHaveProperty('session');
    }
    const acknowledged = new Map<string, string>();
    const failures: string[] = [];
    const unanswered: string[] = [];
    const over = new AbortController();

    async function keepAppending(caller: number): Promise<void> {
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        const sessionKey = sessions[caller % sessions.length] ?? '';
        const content = `${caller}-${turn}`;
        const era = caller % 2 === 0 ? 'legacy' : 'modern';
        const append = { ...entry(sessionKey, content), idempotencyKey: content };
        try {
          const { sequence } = await retriedOnce(failures, () => callAs(era, 'updateContext', append));
          acknowledged.set(content, `${sessionKey} ${String(sequence)}`);
        } catch (error) {
          unanswered.push((error as Error).message);
        }
      }
    }
    const running = Array.from({ length: callers }, (_, caller) => keepAppending(caller));
    await expect.poll(() => acknowledged.size).toBeGreaterThan(callers * 4);
    return {
      failures,
      stop: async () => {
        const before = acknowledged.size;
        await expect.poll(() => acknowledged.size).toBeGreaterThan(before + callers);
        over.abort();
        await Promise.all(running);
        return { acknowledged, failures, unanswered };
      },
    };
  }

  /** Notes why the first attempt failed. */
  function retriedOnce<Answer>(failures: string[], call: () => Promise<Answer>): Promise<Answer> {
    return call().catch((error: Error) => {
      failures.push(error.message);
      return call();
    });
  }

  /** Subscribes again whenever the stream has ended properly. A stream that breaks off is an error. */
  function keepListening(failures: string[]): { stop: () => Promise<{ ended: number; heard: number }> } {
    const over = new AbortController();
    const counts = { ended: 0, heard: 0 };
    const run = async (): Promise<void> => {
      const params = { notifications: { resourceSubscriptions: ['handoff://context/a'] }, _meta: modernMeta };
      while (!over.signal.aborted) {
        const response = await retriedOnce(failures, () =>
          fetch(nginx.mcp, {
            method: 'POST',
            headers: { ...usualHeaders, ...modernHeaders('subscriptions/listen'), ...headers },
            body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params }),
            signal: over.signal,
          }),
        );
        // A replica that is stopping may refuse.
        expect([200, 503]).toContain(response.status);
        for await (const chunk of response.body ?? []) {
          if (Buffer.from(chunk).includes('resources/updated')) counts.heard += 1;
        }
        counts.ended += 1;
      }
    };
    const running = run().catch((error: unknown) => {
      if (!over.signal.aborted) throw error;
    });
    // The error is thrown where this is awaited.
    running.catch(() => undefined);
    return {
      stop: async () => {
        const before = counts.heard;
        await callAs('modern', 'updateContext', entry('a', 'the last'));
        await expect.poll(() => counts.heard).toBeGreaterThan(before);
        over.abort();
        await running;
        return counts;
      },
    };
  }

  /** Waits for an offer, and waits again after each answer without one. */
  function keepWaiting(failures: string[]): { offered: () => Promise<unknown> } {
    const run = async (): Promise<unknown> => {
      for (;;) {
        const { handoffs } = await retriedOnce(failures, () =>
          callAs('legacy', 'listHandoffs', { agent: 'coder', waitSeconds: 45 }),
        );
        const [offer] = handoffs as { summary: string }[];
        if (offer !== undefined) return offer.summary;
      }
    };
    const running = run();
    running.catch(() => undefined);
    return {
      offered: async () => {
        const offer = { sessionKey: 'a', agent: 'planner', requestType: 'context_transfer', targetAgent: 'coder' };
        await callAs('modern', 'requestHandoff', { ...offer, summary: 'Go on.' });
        return running;
      },
    };
  }

  async function callAs(era: 'legacy' | 'modern', name: string, args: object): Promise<Record<string, unknown>> {
    const params = { name, arguments: args, ...(era === 'modern' && { _meta: modernMeta }) };
    const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    const eraHeaders = era === 'modern' ? { ...modernHeaders('tools/call'), 'mcp-name': name } : {};
    const response = await post(nginx.mcp, message, { ...eraHeaders, ...headers });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    const { result } = JSON.parse(text.replace(/^[\s\S]*?^data: /m, '')) as {
      result: { isError?: boolean; structuredContent: Record<string, unknown> };
    };
    if (result.isError === true) throw new Error(JSON.stringify(result.structuredContent));
    return result.structuredContent;
  }

  /** Reads the session and sequence of each content. */
  async function recorded(): Promise<Map<unknown, string>> {
    const rows = await database.query(
      `select content, session_key, sequence from context_history join sessions on sessions.id = session_id`,
    );
    const places = new Map(
      rows.map((row) => [row['content'], `${String(row['session_key'])} ${String(row['sequence'])}`]),
    );
    expect(places.size).toBe(rows.length);
    return places;
  }

  async function expectGapless(): Promise<void> {
    const gaps = await database.query(
      `select session_key from sessions left join context_history on session_id = id
       group by id having max(last_sequence) <> count(sequence) or max(sequence) <> count(sequence)`,
    );
    expect(gaps).toEqual([]);
  }
});
