import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findOnPath } from '../src/find-on-path.js';
import { findPgbench } from '../src/postgres/pgbench.js';
import type { Report, RowReport, VariantReport } from '../src/report.js';
import { rowNames, startBench } from './run-bench.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** What a newcomer's machine may be without: a row then says so, and measures the rest. */
const absent: readonly string[] = [
  ...((await isRedisRunning()) ? [] : ['Redis']),
  ...(findPgbench() === undefined ? ['pgbench'] : []),
  ...(findOnPath('pgbouncer') === undefined ? ['PgBouncer'] : []),
];

/** What makes a comparison a fair one. */
const settingsOf: Readonly<Record<string, object>> = {
  'stdio-sqlite': { 'SQLite synchronous': '2', 'SQLite journal_mode': 'wal' },
};

it.each(rowNames)(
  'measures %s, prints it, writes it as JSON, and leaves nothing behind',
  { timeout: 120_000 },
  async (name) => {
    const { child, finished } = startBench(folder, '--quick', '--only', name, '--json', join(folder, 'report.json'));
    const { code, stdout, stderr } = await finished;
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(await readdir(folder)).toEqual(['report.json']);
    expect(await databasesOf(child.pid)).toEqual([]);

    const report = JSON.parse(await readFile(join(folder, 'report.json'), 'utf8')) as Report;
    const [row, ...others] = report.rows;
    expect({ name: row?.name, others }).toEqual({ name, others: [] });
    expectMeasured(row as RowReport, stdout);
    expect(report.versions).toMatchObject({ node: process.versions.node });
    expect(Number(report.machine['cores'])).toBeGreaterThan(0);
  },
);

function expectMeasured({ name, missing, variants, comparisons, settings }: RowReport, printed: string): void {
  expect(missing.filter((what) => !absent.some((service) => what.includes(service)))).toEqual([]);
  expect(settings).toMatchObject(settingsOf[name] ?? {});
  expect(variants).not.toEqual([]);
  for (const variant of variants) {
    expect(printed).toContain(`  ${variant.name}  `);
    expectFigures(variant);
  }
  expect(comparisons).not.toEqual([]);
  for (const { name: comparison, value, bar, verdict } of comparisons) {
    expect(printed).toContain(`  ${comparison}  `);
    expect(verdict, comparison).toBe(bar === undefined ? undefined : 'not judged');
    const mayBeUnknown = missing.length > 0 || !canBeSeen(comparison);
    expect(value?.median ?? (mayBeUnknown ? 0 : NaN), comparison).toSatisfy(Number.isFinite);
  }
}

function expectFigures({ name, callsPerSecond, p50Ms, p95Ms, facts }: VariantReport): void {
  expect(p50Ms?.median, name).toBeGreaterThan(0);
  expect(p95Ms?.median, name).toBeGreaterThanOrEqual(p50Ms?.median ?? Infinity);
  expect(callsPerSecond?.median ?? 1, name).toBeGreaterThan(0);
  for (const [fact, value] of Object.entries(facts).filter(([key]) => canBeSeen(key))) {
    expect(value.median, `${name}: ${fact}`).toBeGreaterThanOrEqual(0);
  }
}

/** The time that processes use can be seen on Linux alone. */
const canBeSeen = (figure: string): boolean => process.platform === 'linux' || !figure.includes('CPU');

/** Databases of the benchmark are named for its process. */
async function databasesOf(pid: number | undefined): Promise<unknown[]> {
  const client = new Client({ connectionString: process.env['DATABASE_TEST_URL'] });
  await client.connect();
  try {
    const { rows } = await client.query(`select datname from pg_database where datname ^@ $1`, [
      `context_store_bench_${pid}_`,
    ]);
    return rows;
  } finally {
    await client.end();
  }
}

async function isRedisRunning(): Promise<boolean> {
  const { hostname, port } = new URL(process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379');
  const socket = connect(Number(port), hostname);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
