import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Report } from '../src/format-report.js';
import type { RowReport, VariantReport } from '../src/measure-row.js';
import { rowNames, startBench } from './run-bench.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** The settings that make a comparison fair. */
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
    expect(report.machine).toMatchObject({ node: process.versions.node });
    expect(Number(report.machine['cores'])).toBeGreaterThan(0);
  },
);

function expectMeasured({ name, missing, variants, comparisons, settings }: RowReport, printed: string): void {
  // A machine may have a PostgreSQL without its programs.
  if (missing?.startsWith('pgbench') === true) return;
  expect(missing).toBeUndefined();
  expect(settings).toMatchObject(settingsOf[name] ?? {});
  expect(variants).not.toEqual([]);
  for (const variant of variants) {
    expect(printed).toContain(`| ${variant.name} `);
    expectFigures(variant);
  }
  expect(comparisons).not.toEqual([]);
  for (const { name: comparison, value, bar, verdict } of comparisons) {
    expect(printed).toContain(`| ${comparison} `);
    expect(verdict, comparison).toBe(bar === undefined ? undefined : 'not judged');
    expect(canBeSeen(comparison) ? value.median : 0, comparison).toSatisfy(Number.isFinite);
  }
}

function expectFigures({ name, callsPerSecond, p50Ms, p95Ms, facts }: VariantReport): void {
  // pgbench reports a rate alone, and single calls have none.
  expect((callsPerSecond ?? p50Ms)?.median, name).toBeGreaterThan(0);
  if (p50Ms !== undefined) {
    expect(p50Ms.median, name).toBeGreaterThan(0);
    expect(p95Ms?.median, name).toBeGreaterThanOrEqual(p50Ms.median);
  }
  for (const [fact, value] of Object.entries(facts).filter(([key]) => canBeSeen(key))) {
    expect(value.median, `${name}: ${fact}`).toBeGreaterThanOrEqual(0);
  }
}

/** CPU times are known on Linux only. */
const canBeSeen = (figure: string): boolean => process.platform === 'linux' || !figure.includes('CPU');

/** The databases of a run are named for its process. */
async function databasesOf(pid: number | undefined): Promise<unknown[]> {
  const client = new Client({ connectionString: process.env['DATABASE_TEST_URL'] });
  await client.connect();
  try {
    const { rows } = await client.query(`select datname from pg_database where datname ^@ $1`, [
      `context_store_run_${pid}_`,
    ]);
    return rows;
  } finally {
    await client.end();
  }
}
