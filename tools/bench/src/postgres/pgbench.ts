import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';
import { MissingService } from '@org/measure/run-command';
import type { Context, Sample } from '../row.js';

/** The pgbench on PATH, or the newest of Debian. @throws MissingService without any */
export function findPgbench(): string {
  const onPath = (process.env['PATH'] ?? '').split(delimiter).flatMap((folder) => globSync(join(folder, 'pgbench')));
  const installed = globSync('/usr/lib/postgresql/*/bin/pgbench');
  const [program] = [...onPath, ...installed.toSorted((a, b) => b.localeCompare(a, 'en', { numeric: true }))];
  if (program !== undefined) return program;
  throw new MissingService(
    'pgbench, neither on PATH nor in /usr/lib/postgresql/*/bin: install postgresql (Debian: postgresql-15)',
  );
}

export interface PgbenchOptions extends Pick<Context, 'effort' | 'signal'> {
  readonly program: string;
  readonly url: string;
  readonly script: string;
  readonly clients: number;
  /** Variables of the script. */
  readonly variables: Readonly<Record<string, string>>;
  readonly folder: string;
}

/**
 * Runs a script with prepared statements. The warm-up is cut off from what pgbench reports second by second, so that
 * starting 32 connections, and planning on each, does not count against it.
 */
export async function runPgbench(options: PgbenchOptions): Promise<Sample> {
  const { program, url, script, clients, variables, effort, signal, folder } = options;
  const scriptFile = join(folder, 'pgbench.sql');
  await writeFile(scriptFile, script);
  const warmupSeconds = Math.round(effort.warmupMs / 1000);
  // pgbench may end before it reports its last second.
  const measureSeconds = Math.max(2, Math.round(effort.measureMs / 1000));
  const programArguments = [
    '--no-vacuum',
    '--protocol=prepared',
    `--file=${scriptFile}`,
    '--progress=1',
    `--time=${warmupSeconds + measureSeconds}`,
    `--client=${clients}`,
    `--jobs=${Math.min(clients, availableParallelism())}`,
    ...Object.entries(variables).map(([name, value]) => `--define=${name}=${value}`),
    url,
  ];
  const child = spawn(program, programArguments, { stdio: ['ignore', 'ignore', 'pipe'], signal });
  let report = '';
  child.stderr.on('data', (chunk) => (report += String(chunk)));
  const [code] = (await once(child, 'close')) as [number | null];
  await rm(scriptFile);
  if (code !== 0) throw new Error(`pgbench ended with ${code}:\n${report}`);
  return sampleOf(report, warmupSeconds);
}

/** From lines such as `progress: 2.0 s, 14500.1 tps, lat 2.2 ms stddev 1.0, 0 failed`. */
function sampleOf(report: string, warmupSeconds: number): Sample {
  const seconds = [...report.matchAll(/^progress: [\d.]+ s, (?<tps>[\d.]+) tps, .* (?<failed>\d+) failed/gm)];
  const rates = seconds.slice(warmupSeconds).map(({ groups }) => Number(groups?.['tps']));
  const hasFailed = seconds.some(({ groups }) => groups?.['failed'] !== '0');
  if (rates.length === 0 || hasFailed) throw new Error(`pgbench reported no rate, or failures:\n${report}`);
  return { 'calls/s': rates.reduce((sum, rate) => sum + rate, 0) / rates.length };
}
