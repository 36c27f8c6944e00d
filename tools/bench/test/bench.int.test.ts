import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Report } from '../src/report.js';

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Its temporary files go where the test sees what is left of them. */
async function bench(...args: string[]): Promise<Finished> {
  const run = promisify(execFile)(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: folder } });
  return run.then(
    (output) => ({ code: 0, ...output }),
    (error: Finished) => error,
  );
}

it('measures a row, prints it, and writes it as JSON', async () => {
  const file = join(folder, 'report.json');
  const { code, stdout } = await bench('--quick', '--only', 'stdio-sqlite', '--json', file);
  expect(code).toBe(0);
  const report = JSON.parse(await readFile(file, 'utf8')) as Report;

  const [row] = report.rows;
  expect(report.rows.map(({ name }) => name)).toEqual(['stdio-sqlite']);
  expect(row?.missing).toEqual([]);
  expect(row?.variants).toHaveLength(6);
  for (const { name, callsPerSecond, p50Ms, p95Ms } of row?.variants ?? []) {
    expect(stdout).toContain(name);
    expect(callsPerSecond?.median ?? 1).toBeGreaterThan(0);
    expect(p50Ms?.median).toBeGreaterThan(0);
    expect(p95Ms?.median).toBeGreaterThanOrEqual(p50Ms?.median ?? Infinity);
  }
  const judged = row?.comparisons.filter(({ bar }) => bar !== undefined) ?? [];
  expect(judged.map(({ bar, verdict }) => ({ bar, verdict }))).toEqual([
    { bar: { atMost: 1.4 }, verdict: 'not judged' },
    { bar: { atLeast: 2 }, verdict: 'not judged' },
  ]);
  for (const { value } of judged) expect(value?.median).toBeGreaterThan(0);
  expect(row?.settings).toMatchObject({ 'SQLite synchronous': '2', 'SQLite journal_mode': 'wal' });
  expect(report.versions).toMatchObject({ node: process.versions.node });
  expect(Number(report.machine['cores'])).toBeGreaterThan(0);
  expect(await readdir(folder)).toEqual(['report.json']);
});

it('measures what telemetry costs, with servers that tell something', async () => {
  const file = join(folder, 'report.json');
  expect(await bench('--quick', '--only', 'telemetry', '--json', file)).toMatchObject({ code: 0 });
  const { rows } = JSON.parse(await readFile(file, 'utf8')) as Report;
  const [row] = rows;
  expect(row?.variants.map(({ name }) => name)).toEqual(['off', 'metrics and logs', 'traces of 10 %']);
  for (const { callsPerSecond } of row?.variants ?? []) expect(callsPerSecond?.median).toBeGreaterThan(0);
  expect(row?.comparisons.map(({ bar }) => bar)).toEqual([{ atLeast: 0.95 }, undefined, { atLeast: 0.9 }, undefined]);
});

it('removes what it made when it is stopped', async () => {
  const child = execFile(process.execPath, [main, '--only', 'stdio-sqlite'], {
    env: { ...process.env, TMPDIR: folder },
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let stderr = '';
  await new Promise<void>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      stderr += String(chunk);
      if (stderr.includes('one call at a time')) resolve();
    });
  });
  expect(await readdir(folder)).toHaveLength(1);
  child.kill('SIGINT');
  // npm, under which it runs, passes it on.
  setTimeout(() => child.kill('SIGINT'), 50);
  expect(await ended).toBe(130);
  expect(await readdir(folder)).toEqual([]);
});

it.each([
  [
    ['--only', 'nothing'],
    'There are append-postgres, http-postgres, stdio-sqlite, start-stdio, growth, cache, telemetry.',
  ],
  [['--rounds', '0'], 'a whole number from 1'],
  [['--frobnicate'], "Unknown option '--frobnicate'"],
])('refuses %j', async (args, said) => {
  const { code, stderr } = await bench(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(said);
  expect(stderr).toContain('--rounds N');
});

it('lists its rows', async () => {
  const { stdout } = await bench('--list');
  expect(stdout.match(/^\S+/gm)).toEqual([
    'append-postgres',
    'http-postgres',
    'stdio-sqlite',
    'start-stdio',
    'growth',
    'cache',
    'telemetry',
  ]);
});
