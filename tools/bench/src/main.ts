import { writeFile } from 'node:fs/promises';
import { describeMachine } from '@org/measure/machine';
import { runCommand } from '@org/measure/run-command';
import { parseArguments, usage, type BenchArguments } from './arguments.js';
import { formatReport, type Report } from './format-report.js';
import { leastRounds, measureRow, type RowReport } from './measure-row.js';
import { rows } from './rows.js';

await runCommand(usage, async (signal) => {
  const args = parseArguments(process.argv.slice(2), rows);
  if (args.action === 'help') console.log(usage);
  else if (args.action === 'list') for (const row of args.rows) console.log(`${row.name.padEnd(18)} ${row.title}`);
  else return run(args, signal);
  return 0;
});

async function run(args: BenchArguments, signal: AbortSignal): Promise<number> {
  const { rows: chosen, effort, jsonFile, isProfiling } = args;
  const startedAt = new Date();
  const measured: RowReport[] = [];
  for (const row of chosen) {
    const progress = (text: string): void => console.error(`${row.name}: ${text}`);
    const rowReport = await measureRow(row, { effort, isProfiling, progress, signal });
    // The tables come after the last row, which may be half an hour later.
    if (rowReport.missing !== undefined) progress(`MISSING: ${rowReport.missing}`);
    measured.push(rowReport);
  }
  const report: Report = {
    startedAt: startedAt.toISOString(),
    durationSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    effort,
    machine: await describeMachine(),
    rows: measured,
  };
  console.log(formatReport(report));
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  return exitCode(report, !effort.isQuick && effort.rounds >= leastRounds);
}

/** A full run fails if something could not be judged. */
function exitCode({ rows: measured }: Report, isFull: boolean): number {
  const isMissing = measured.some(({ missing }) => missing !== undefined);
  const verdicts = new Set(measured.flatMap((row) => row.comparisons).map(({ verdict }) => verdict));
  const isBad = verdicts.has('does not hold') || (isFull && (verdicts.has('not judged') || isMissing));
  return isBad ? 1 : 0;
}
