import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { findOnPath, isExecutable } from '../find-on-path.js';
import type { RowContext, Sample } from '../row.js';
import { quantile } from '../statistics.js';
import { cpuFacts, lookAtCpu, type CpuLook } from '../cpu-time.js';
import type { BenchDatabase } from './bench-database.js';

/** What to do when it is absent. */
export const pgbenchMissing =
  'pgbench, neither on PATH nor in /usr/lib/postgresql/*/bin: install postgresql (Debian: postgresql-15)';

/** The newest there is; undefined: none. */
export function findPgbench(): string | undefined {
  const installed = globSync('/usr/lib/postgresql/*/bin/pgbench').toSorted((a, b) =>
    b.localeCompare(a, 'en', { numeric: true }),
  );
  return findOnPath('pgbench') ?? installed.find(isExecutable);
}

export interface PgbenchOptions extends Pick<RowContext, 'effort' | 'signal'> {
  readonly program: string;
  readonly database: BenchDatabase;
  readonly script: string;
  readonly clients: number;
  /** Variables of the script. */
  readonly variables: Readonly<Record<string, string>>;
}

/** Of the transactions, so many are written down with their latency: enough of them, and next to no work. */
const latencyShare = (clients: number): number => Math.min(1, 1.6 / clients);

/**
 * Runs a script with prepared statements. Its warm-up is cut off from what it reports second by second, so that starting
 * 32 connections, and planning on each, doesn't count against it.
 */
export async function runPgbench(options: PgbenchOptions): Promise<Sample> {
  const { effort, database, signal } = options;
  const folder = await mkdtemp(join(tmpdir(), 'context-store-pgbench-'));
  try {
    const warmupSeconds = Math.round(effort.warmupMs / 1000);
    // It may end before it reports its last second.
    const measureSeconds = Math.max(2, Math.round(effort.measureMs / 1000));
    await writeFile(join(folder, 'script.sql'), options.script);
    const child = spawn(options.program, programArguments(options, warmupSeconds + measureSeconds), {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      signal,
    });
    let report = '';
    child.stderr.on('data', (chunk) => (report += String(chunk)));
    const ended = once(child, 'close') as Promise<[number | null]>;
    const cpu = await watchCpu(child.pid ?? 0, [warmupSeconds, measureSeconds], database.name, ended);
    const [code] = await ended;
    if (code !== 0) throw new Error(`pgbench ended with ${code}:\n${report}`);
    return sampleOf(report, await readLatenciesMs(folder, warmupSeconds), warmupSeconds, cpu);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function programArguments({ clients, database, variables }: PgbenchOptions, seconds: number): string[] {
  const threads = Math.min(clients, availableParallelism());
  return [
    '--no-vacuum',
    '--protocol=prepared',
    '--file=script.sql',
    '--progress=1',
    `--time=${seconds}`,
    `--client=${clients}`,
    `--jobs=${threads}`,
    '--log',
    `--sampling-rate=${latencyShare(clients)}`,
    ...Object.entries(variables).map(([name, value]) => `--define=${name}=${value}`),
    database.url,
  ];
}

/** The program and its backends are looked at before they end: their figures go with them. */
async function watchCpu(
  pid: number,
  [warmupSeconds, measureSeconds]: readonly [number, number],
  databaseName: string,
  ended: Promise<unknown>,
): Promise<readonly [CpuLook, CpuLook]> {
  await Promise.race([setTimeout(warmupSeconds * 1000), ended]);
  const before = lookAtCpu(pid, databaseName);
  await Promise.race([setTimeout(measureSeconds * 1000 - 100), ended]);
  return [before, lookAtCpu(pid, databaseName)];
}

/** From lines such as `progress: 2.0 s, 14500.1 tps, lat 2.2 ms stddev 1.0, 0 failed`. */
function sampleOf(
  report: string,
  latenciesMs: readonly number[],
  warmupSeconds: number,
  [before, after]: readonly [CpuLook, CpuLook],
): Sample {
  const seconds = [...report.matchAll(/^progress: [\d.]+ s, (?<tps>[\d.]+) tps, .* (?<failed>\d+) failed/gm)];
  const measured = seconds.slice(warmupSeconds).map(({ groups }) => Number(groups?.['tps']));
  const failed = seconds.reduce((sum, { groups }) => sum + Number(groups?.['failed']), 0);
  if (measured.length === 0 || failed > 0) throw new Error(`pgbench reported no rate, or failures:\n${report}`);
  const callsPerSecond = measured.reduce((sum, tps) => sum + tps, 0) / measured.length;
  const calls = (callsPerSecond * (after.atMs - before.atMs)) / 1000;
  return {
    callsPerSecond,
    p50Ms: quantile(latenciesMs, 0.5),
    p95Ms: quantile(latenciesMs, 0.95),
    facts: cpuFacts(before, after, calls),
  };
}

/** Lines of `client transaction latency_us script epoch_seconds epoch_us`. */
async function readLatenciesMs(folder: string, warmupSeconds: number): Promise<number[]> {
  const logs = (await readdir(folder)).filter((name) => name.startsWith('pgbench_log'));
  const lines = (await Promise.all(logs.map((name) => readFile(join(folder, name), 'utf8')))).join('').split('\n');
  const transactions = lines
    .filter((line) => line !== '')
    .map((line) => {
      const [, , latencyUs, , seconds, us] = line.split(' ').map(Number);
      return { latencyMs: (latencyUs ?? NaN) / 1000, atSeconds: (seconds ?? NaN) + (us ?? NaN) / 1_000_000 };
    });
  const startSeconds = Math.min(...transactions.map(({ atSeconds }) => atSeconds));
  return transactions
    .filter(({ atSeconds }) => atSeconds >= startSeconds + warmupSeconds)
    .map(({ latencyMs }) => latencyMs);
}
