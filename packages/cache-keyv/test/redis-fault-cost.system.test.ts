import { performance } from 'node:perf_hooks';
import {
  eventually,
  plainClient,
  redisServer,
  type PlainClient,
  type RedisServer,
} from '@org/redis-connection/testing';
import { createContextStore, type ContextStore } from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCachedStore, type SharedLevel } from '../src/index.js';
import { createRedisLevel } from '../src/redis.js';
import { appendWork, createWork } from './requests.js';
import { slowProxy, type SlowProxy } from './slow-proxy.js';

interface Fault {
  readonly begin: (setting: Setting) => unknown;
  readonly end: (setting: Setting) => unknown;
}

interface Setting {
  readonly server: RedisServer;
  readonly proxy: SlowProxy;
  readonly redis: PlainClient;
}

const faults: Readonly<Record<string, Fault>> = {
  'refused, or restarting': { begin: ({ server }) => server.kill(), end: ({ server }) => server.start() },
  'hanging (SIGSTOP)': {
    begin: ({ server }) => server.signal('SIGSTOP'),
    end: ({ server }) => server.signal('SIGCONT'),
  },
  'slow (200 ms)': {
    begin: ({ proxy }) => void (proxy.delayMs = 200),
    end: ({ proxy }) => void (proxy.delayMs = 0),
  },
  'answering garbage': {
    begin: ({ proxy }) => void (proxy.alter = () => 'HTTP/1.1 400 Bad Request\r\n\r\n'),
    end: ({ proxy }) => void (proxy.alter = (answer) => answer),
  },
  full: {
    begin: async ({ redis }) => {
      await redis.command('CONFIG', 'SET', 'maxmemory', '1');
      // Reads of what it holds still work.
      await redis.command('FLUSHALL');
    },
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'maxmemory', '0'),
  },
  'wrong password': {
    begin: async ({ redis }) => {
      await redis.command('CONFIG', 'SET', 'requirepass', 'another');
      await redis.command('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
    end: ({ redis }) => redis.command('CONFIG', 'SET', 'requirepass', ''),
  },
};

const median = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
const largest = (times: readonly number[]): number => times.reduce((most, time) => Math.max(most, time), 0);
const rows: string[] = [];
const printRow = (...cells: readonly (string | number)[]): void => {
  rows.push(`| ${cells.map((cell) => (typeof cell === 'number' ? cell.toFixed(1) : cell)).join(' | ')} |`);
};

describe('the cost of trouble with Redis for calls of tools, in milliseconds', () => {
  const opened: ContextStore[] = [];
  let work: ReturnType<typeof createMemoryStore>;
  let setting: Setting;
  beforeAll(async () => {
    work = createMemoryStore();
    await createWork(work);
    await appendWork(work, 64);
    const server = await redisServer();
    await server.start();
    const proxy = await slowProxy(Number(new URL(server.url).port));
    setting = { server, proxy, redis: await plainClient(server.url) };
    printRow('Redis', 'in use: median', 'until given up: calls', 'median', 'longest', 'without: median', 'errors');
    printRow(...Array.from({ length: 7 }, () => '---'));
    printRow('none', '', '', '', '', median((await callRepeatedly(open(undefined), 300)).times), '0');
  });
  afterAll(async () => {
    for (const contextStore of opened) await contextStore.close();
    setting.redis.close();
    setting.proxy.close();
    await setting.server.kill();
    process.stdout.write(`${rows.join('\n')}\n`);
  });

  /** A cache without memory: every call goes to Redis, if it is used. */
  function open(shared: SharedLevel | undefined): ContextStore {
    const store = createCachedStore({ store: { ...work, close: async () => undefined }, maxBytes: 100, shared });
    const contextStore = createContextStore({ store }, { agent: 'planner' });
    opened.push(contextStore);
    return contextStore;
  }

  /** Repeats a call a number of times, or until a condition holds. */
  async function callRepeatedly(contextStore: ContextStore, most: number, isEnough = (): boolean => false) {
    const times: number[] = [];
    let errors = 0;
    while (times.length < most && !isEnough()) {
      const startMs = performance.now();
      const answer = await contextStore.getContext({ sessionKey: 'work', limit: 64 }).catch(() => undefined);
      times.push(performance.now() - startMs);
      if (answer?.entries.length !== 64) errors += 1;
    }
    return { times, errors };
  }

  it.each(Object.entries(faults))(
    '%s: no call fails, and Redis is used again afterwards',
    async (name, { begin, end }) => {
      const shared = createRedisLevel({ url: `redis://127.0.0.1:${setting.proxy.port}`, deployment: 'test' });
      const contextStore = open(shared);
      await eventually(() => expect(shared.isUp()).toBe(true));
      const inUse = await callRepeatedly(contextStore, 300);
      await eventually(() => expect(shared.isUp()).toBe(true));
      await begin(setting);
      const untilGivenUp = await callRepeatedly(contextStore, 100_000, () => shared.isUp() === false);
      const without = await callRepeatedly(contextStore, 300);
      await end(setting);
      await eventually(() => expect(shared.isUp()).toBe(true));
      const again = await callRepeatedly(contextStore, 100);
      const errors = [inUse, untilGivenUp, without, again].reduce((sum, calls) => sum + calls.errors, 0);
      const { times } = untilGivenUp;
      printRow(
        name,
        median(inUse.times),
        `${times.length}`,
        median(times),
        largest(times),
        median(without.times),
        `${errors}`,
      );
      expect(errors).toBe(0);
    },
  );
});
