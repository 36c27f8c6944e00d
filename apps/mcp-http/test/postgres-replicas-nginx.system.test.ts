import { setTimeout } from 'node:timers/promises';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clientKinds, connect, post } from './mcp-http.js';
import { startNginx, startReplicas, stopReplicas, type Nginx, type Replica } from './replicas.js';

let database: TemporaryDatabase;
let replicas: Replica[];
let nginx: Nginx;
beforeEach(async () => {
  database = await temporaryDatabase();
  replicas = await startReplicas(3, { DATABASE_URL: database.url, DATABASE_POOL_SIZE: '4' });
  nginx = await startNginx(replicas.map(({ port }) => port));
});
afterEach(async () => {
  await nginx.stop();
  await stopReplicas(replicas);
  await database.drop();
});

it.each(clientKinds)('any replica serves any call of a %s', async (kind) => {
  const client = await connect(kind, 'planner', nginx.mcp);
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
  await client.close();
  const served = await nginx.served();
  expect(new Set(served.keys())).toEqual(new Set(replicas.map(({ port }) => port)));
  expect(Math.min(...served.values())).toBeGreaterThan(10);
});

const entry = (sessionKey: string, content: string) => ({
  sessionKey,
  agent: 'planner',
  contextType: 'message',
  content,
});

describe('replicas that are replaced under load, one after the other', { timeout: 180_000 }, () => {
  const sessions = ['a', 'b', 'c', 'd'];
  const callers = 16;

  it('lose nothing, and fail no call that is retried once with its idempotency key', async ({ annotate }) => {
    const load = await startLoad();
    for (let round = 0; round < 2; round += 1) {
      for (const replica of replicas) {
        expect(await replica.process().stop()).toMatchObject({ code: 0 });
        await replica.start();
        await setTimeout(200);
      }
    }
    const { acknowledged, failures, unanswered } = await load.stop();
    await annotate(`${failures.length} of ${acknowledged.size} appends failed at first`);
    expect(unanswered).toEqual([]);
    expect(await recorded()).toEqual(acknowledged);
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
      const registered = await call('registerSession', { sessionKey, agent: 'planner' });
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
        const append = { ...entry(sessionKey, content), idempotencyKey: content };
        try {
          const { sequence } = await call('updateContext', append).catch((error: Error) => {
            failures.push(error.message);
            return call('updateContext', append);
          });
          acknowledged.set(content, `${sessionKey} ${String(sequence)}`);
        } catch (error) {
          unanswered.push((error as Error).message);
        }
      }
    }
    const running = Array.from({ length: callers }, (_, caller) => keepAppending(caller));
    await expect.poll(() => acknowledged.size).toBeGreaterThan(callers * 4);
    return {
      stop: async () => {
        const before = acknowledged.size;
        await expect.poll(() => acknowledged.size).toBeGreaterThan(before + callers);
        over.abort();
        await Promise.all(running);
        return { acknowledged, failures, unanswered };
      },
    };
  }

  async function call(name: string, args: object): Promise<Record<string, unknown>> {
    const params = { name, arguments: args };
    const response = await post(nginx.mcp, { jsonrpc: '2.0', id: 1, method: 'tools/call', params });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${response.status} ${text}`);
    const { result } = JSON.parse(text.replace(/^[\s\S]*?^data: /m, '')) as {
      result: { isError?: boolean; structuredContent: Record<string, unknown> };
    };
    if (result.isError === true) throw new Error(JSON.stringify(result.structuredContent));
    return result.structuredContent;
  }

  /** Where each content lies. */
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
