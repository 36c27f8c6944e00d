import { writeFile } from 'node:fs/promises';
import { parseArguments, usage, UsageError, type BenchArguments } from './arguments.js';
import { formatReport } from './format-report.js';
import { describeMachine, describeVersions } from './machine.js';
import { leastRounds, measureRow } from './measure-row.js';
import type { Report, RowReport } from './report.js';
import { rows } from './rows.js';
import { stopSignal } from './stop-signal.js';

/** Ctrl-C, being told to stop, or nobody left to tell: the run is called off, and what it opened is removed first. */
const unheard = new AbortController();
for (const stream of [process.stdout, process.stderr]) stream.on('error', (error) => unheard.abort(error));
const calledOff = AbortSignal.any([stopSignal(), unheard.signal]);

try {
  process.exitCode = await main(parseArguments(process.argv.slice(2), rows));
} catch (error) {
  if (calledOff.aborted) {
    process.exitCode = 130;
  } else if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function main(args: BenchArguments): Promise<number> {
  if (args.action === 'help') console.log(usage);
  else if (args.action === 'list') for (const row of args.rows) console.log(`${row.name.padEnd(18)} ${row.title}`);
  else return run(args);
  return 0;
}

async function run({ rows: chosen, effort, jsonFile, isProfiling }: BenchArguments): Promise<number> {
  const startedAt = new Date();
  const measured: RowReport[] = [];
  for (const row of chosen) {
    const progress = (text: string): void => console.error(`${row.name}: ${text}`);
    const rowReport = await measureRow(row, { effort, isProfiling, progress, signal: calledOff });
    // At once: the table comes when everything is measured.
    for (const what of rowReport.missing) progress(`MISSING: ${what}`);
    measured.push(rowReport);
  }
  const report: Report = {
    startedAt: startedAt.toISOString(),
    durationSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    effort: { rounds: effort.rounds, warmupMs: effort.warmupMs, measureMs: effort.measureMs },
    machine: await describeMachine(),
    versions: await describeVersions(),
    rows: measured,
  };
  console.log(formatReport(report));
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return exitCode(report, !effort.isQuick && effort.rounds >= leastRounds);
}

/** A full run is there to judge: what it could not judge does not pass for good. */
function exitCode({ rows: measured }: Report, isFull: boolean): number {
  const missing = measured.flatMap((row) => row.missing);
  const verdicts = new Set(measured.flatMap((row) => row.comparisons).map(({ verdict }) => verdict));
  const isBad = verdicts.has('does not hold') || (isFull && (verdicts.has('not judged') || missing.length > 0));
  return isBad ? 1 : 0;
}
