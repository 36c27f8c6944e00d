import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import type { Report } from '../src/format-report.js';
import { subjects } from '../src/subjects.js';
import { startBench } from './run-bench.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Runs the benchmark, so that its databases differ from those of other tests by their owner. */
const user = `bench_${process.pid}`;
const server = new Client({ connectionString: process.env['DATABASE_TEST_URL'] });
const databases = async (): Promise<unknown[]> =>
  (await server.query(`select datname from pg_database where datdba = '${user}'::regrole`)).rows;
beforeAll(async () => {
  const url = new URL(process.env['DATABASE_TEST_URL'] ?? '');
  await server.connect();
  await server.query(`create role ${user} superuser login password '${decodeURIComponent(url.password)}'`);
  url.username = user;
  vi.stubEnv('DATABASE_TEST_URL', url.href);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.query(`drop role ${user}`);
  await server.end();
});

const fairSqlite = { 'SQLite synchronous': '2', 'SQLite journal_mode': 'wal' };

it.each(subjects)(
  'measures $name, prints it, writes it as JSON, and leaves nothing behind',
  { timeout: 120_000 },
  async ({ name }) => {
    const { finished } = startBench(folder, '--quick', '--only', name, '--json', join(folder, 'report.json'));
    const { code, stdout, stderr } = await finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(['report.json']);
    expect(await databases()).toEqual([]);

    const { subjects: reported, machine } = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
    expect(reported.map((subject) => subject.name)).toEqual([name]);
    expect(machine).toMatchObject({ node: process.versions.node });
    const [{ rows, missing, settings } = { rows: [], missing: undefined, settings: {} }] = reported;
    // A machine may have a PostgreSQL without its programs.
    if (missing?.startsWith('pgbench') === true) return;
    expect(missing).toBeUndefined();
    expect(rows).not.toEqual([]);
    expect(settings).toMatchObject(name === 'stdio-sqlite' ? fairSqlite : {});
    for (const { name: row, sides } of rows) {
      for (const { name: side, figures, ratio, bar, verdict } of sides) {
        expect(stdout).toContain(`${row} `);
        expect(stdout).toContain(` ${side} `);
        // pgbench reports a rate alone, and single calls have none.
        expect((figures['calls/s'] ?? figures['p50 ms'])?.median, side).toBeGreaterThan(0);
        expect(ratio?.median ?? 1, side).toSatisfy(Number.isFinite);
        expect(verdict, side).toBe(bar === undefined ? undefined : 'not judged');
      }
    }
  },
);
