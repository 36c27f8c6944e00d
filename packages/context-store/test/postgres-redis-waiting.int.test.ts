import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openContextStore, type ContextStore } from '../src/index.js';

const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

describe('two processes on one PostgreSQL database and one Redis', () => {
  let database: TemporaryDatabase;
  let contextStore: ContextStore;
  let waiting: ChildProcess;
  let told: unknown[];

  beforeEach(async () => {
    database = await temporaryDatabase();
    contextStore = await openContextStore({ database: database.url, redis: { url: redisUrl }, agent: 'planner' });
    await contextStore.registerSession({ sessionKey: 'work' });
    waiting = fork(`${import.meta.dirname}/waiting-process.ts`, [database.url, redisUrl], {
      execArgv: [
        '--conditions=@org/source',
        '--import',
        `${import.meta.dirname}/../../../tools/workspace/src/typescript-imports.ts`,
      ],
    });
    told = [];
    waiting.on('message', (message) => told.push(message));
    // An event during a read causes another read. Peeks cover only calls that wait.
    await isTold({ heard: 'something_changed' });
    await isTold({ waits: true });
    told.length = 0;
  }, 120_000);
  afterEach(async () => {
    const ended = waiting.exitCode === null && waiting.signalCode === null ? once(waiting, 'exit') : undefined;
    waiting.kill('SIGKILL');
    await ended;
    await contextStore.close();
    await database.drop();
  });

  const isTold = (message: unknown): Promise<void> =>
    vi.waitFor(() => expect(told).toContainEqual(message), { timeout: 45_000, interval: 5 });

  it('an offer in one wakes a call that waits in the other, by its event', async () => {
    await contextStore.requestHandoff({
      sessionKey: 'work',
      requestType: 'full_handoff',
      targetAgent: 'implementer',
      summary: 'Half done.',
    });
    await isTold({ offered: ['work'] });
    // The offer also changes its session. That event may come before or after the look.
    const others = [{ waits: true }, { heard: 'session_changed' }];
    const deeds = told.filter((message) => !others.some((other) => isDeepStrictEqual(message, other)));
    expect(deeds.slice(0, 3)).toEqual([{ heard: 'handoff_offered' }, { looked: 1 }, { offered: ['work'] }]);
  });
});
