import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { startBench } from './run-bench.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('removes what it created if it is stopped', async () => {
  const { child, finished } = startBench(folder, '--only', 'stdio-sqlite');
  await vi.waitUntil(async () => (await readdir(folder)).length === 1, { timeout: 10_000 });
  child.kill('SIGINT');
  // npm, under which it runs, passes it on.
  setTimeout(() => child.kill('SIGINT'), 5);
  expect(await finished).toMatchObject({ code: 130 });
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  [['--only', 'nothing'], '--only nothing: there is no such subject.'],
  [['--rounds', '0'], 'a whole number from 1'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
])('refuses %j', async (args, said) => {
  const { code, stderr } = await startBench(folder, ...args).finished;
  expect(code).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).toContain('append-postgres  Library append on PostgreSQL');
});

it('says at once which service a subject needs', async () => {
  vi.stubEnv('DATABASE_TEST_URL', 'postgres://user@127.0.0.1:9/none');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { stderr } = await startBench(folder, '--quick', '--only', 'growth').finished;
  expect(stderr.trim()).toBe(
    'growth: MISSING: The PostgreSQL server at 127.0.0.1:9 cannot be used (connect ECONNREFUSED 127.0.0.1:9): start one, or name it in DATABASE_TEST_URL.',
  );
});
