import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { noTelemetry, openContextStore, type Telemetry } from '../src/index.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'context-store-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe('openContextStore', () => {
  it('keeps recorded data for the process that opens the file next', async () => {
    const database = `sqlite:${join(folder, 'context.db')}`;
    const first = await openContextStore({ database, agent: 'planner' });
    await first.registerSession({ sessionKey: 'work' });
    await first.updateContext({ sessionKey: 'work', contextType: 'message', content: 'Decided.' });
    await first.close();
    const second = await openContextStore({ database });
    expect(await second.getContext({ sessionKey: 'work' })).toMatchObject({ entries: [{ content: 'Decided.' }] });
    await second.close();
  });

  it("creates the user's data folder, with access for the user only", async () => {
    vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
    const contextStore = await openContextStore();
    await contextStore.ping();
    await contextStore.close();
    expect((await stat(join(folder, 'data', 'context-store'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'data', 'context-store', 'context.db'))).isFile()).toBe(true);
  });

  it('passes options and telemetry on', async () => {
    const measured: string[] = [];
    const telemetry: Telemetry = {
      ...noTelemetry,
      measure: ({ tool }, run) => {
        measured.push(tool);
        return run();
      },
      recordStatement: (statement) => measured.push(statement),
    };
    const contextStore = await openContextStore({
      database: 'sqlite::memory:',
      namespace: 'team',
      agent: 'me',
      maxContentBytes: 3,
      telemetry,
    });
    const { session } = await contextStore.registerSession({ sessionKey: 'work' });
    expect(session).toMatchObject({ namespace: 'team', owner: 'me' });
    const tooLong = contextStore.updateContext({ sessionKey: 'work', contextType: 'message', content: 'four' });
    await expect(tooLong).rejects.toMatchObject({ code: 'CONTENT_TOO_LARGE' });
    expect(measured).toEqual(['registerSession', 'create_session', 'note_agents', 'commit', 'updateContext']);
    await contextStore.close();
  });

  it('throws a typed error for a database that it cannot open', async () => {
    const file = join(folder, 'file');
    await writeFile(file, 'not a database, only text'.repeat(100));
    await expect(openContextStore({ database: 'postgres://host:port/db' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    const unread = openContextStore({
      database: 'postgres://127.0.0.1:1/db',
      postgres: { poolSize: 0, maxWaiting: 0.5 },
    });
    await expect(unread).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringMatching(/postgres\.poolSize.*postgres\.maxWaiting/) as string,
    });
    const uncached = openContextStore({ database: 'sqlite::memory:', cache: { maxBytes: 0, ttlMs: 0 } });
    await expect(uncached).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringMatching(/cache\.maxBytes.*cache\.ttlMs/) as string,
    });
    const unmigrated = openContextStore({ database: `sqlite:${join(folder, 'none.db')}`, migrate: false });
    await expect(unmigrated).rejects.toThrow('context-store migrate');
    await expect(openContextStore({ database: `sqlite:${file}` })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(openContextStore({ database: 'sqlite::memory:', agent: 'a b' })).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
    });
    vi.stubEnv('XDG_DATA_HOME', join(file, 'below'));
    await expect(openContextStore()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });

  it.each<[Record<string, unknown>, string]>([
    [{ databse: 'sqlite:x.db' }, 'databse: unknown; did you mean database? Known are namespace, agent'],
    [{ dormantAfterMS: 1 }, 'dormantAfterMS: unknown; did you mean dormantAfterMs?'],
    [
      { postgres: { poolsize: 4 } },
      'postgres.poolsize: unknown; did you mean poolSize? Known are poolSize, maxWaiting',
    ],
    [{ sqlite: { onChange: () => undefined } }, 'sqlite.onChange: unknown; known are onStateChange'],
    [{ redis: { url: 'redis://127.0.0.1', deploy: 'x' } }, 'redis.deploy: unknown; known are url, deployment'],
    [
      { cache: { maxByte: 4 } },
      'cache.maxBytes: missing; a number is needed; cache.maxByte: unknown; did you mean maxBytes?',
    ],
    [
      { database: 5, migrate: 'no' },
      'database: must be a text; received number; migrate: must be true or false; received string',
    ],
    [{ redis: { url: 'http://x' } }, 'redis.url: not the URL of a Redis server'],
    [{ redis: 'redis://127.0.0.1' }, 'redis: Invalid input: expected object, received string'],
    [{ postgres: { poolSize: '4' } }, 'postgres.poolSize: Invalid input: expected number, received string'],
    [{ telemetry: {} }, 'telemetry: must have the methods measure'],
    [{ sqlite: { onStateChange: 'log' } }, 'sqlite.onStateChange: must be a function'],
    [{ sessionTtlMs: '1' }, 'sessionTtlMs: Invalid input: expected number, received string'],
  ])('refuses wrong options before it opens a database: %o', async (options, problem) => {
    vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
    const opening = openContextStore(options);
    await expect(opening).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringMatching(/Correct the options and call again\.$/) as string,
    });
    await expect(opening).rejects.toThrow(problem);
    expect(existsSync(join(folder, 'data'))).toBe(false);
  });

  it.each([['sqlite:context.db'], [null], [7]])('refuses %o in place of options', async (options) => {
    vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
    const opening = openContextStore(options as never);
    await expect(opening).rejects.toThrow('options: must be an object; received ');
  });
});
