import { writeFile } from 'node:fs/promises';
import { describeMachine } from '@org/measure/machine';
import { runCommand } from '@org/measure/run-command';
import { parseArguments, usage, type BenchArguments } from './arguments.js';
import { formatReport, type Report } from './format-report.js';
import { leastRounds, measureSubject, type SubjectReport } from './measure-subject.js';

await runCommand(usage, async (signal) => {
  const args = parseArguments(process.argv.slice(2));
  if (!args.isHelp) return run(args, signal);
  console.log(usage);
  return 0;
});

async function run({ subjects, effort, jsonFile }: BenchArguments, signal: AbortSignal): Promise<number> {
  const startedAt = new Date();
  const measured: SubjectReport[] = [];
  for (const subject of subjects) {
    const progress = (text: string): void => console.error(`${subject.name}: ${text}`);
    const report = await measureSubject(subject, { effort, progress, signal });
    // The tables come after the last subject, which may be half an hour later.
    if (report.missing !== undefined) progress(`MISSING: ${report.missing}`);
    measured.push(report);
  }
  const report: Report = {
    startedAt: startedAt.toISOString(),
    durationSeconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    effort,
    machine: await describeMachine(),
    subjects: measured,
  };
  console.log(formatReport(report));
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify(report, null, 2)}\n`);
  // A full run fails if something could not be judged.
  const isFull = !effort.isQuick && effort.rounds >= leastRounds;
  const isMissing = measured.some(({ missing }) => missing !== undefined);
  const sides = measured.flatMap(({ rows }) => rows).flatMap((row) => row.sides);
  return (isFull && isMissing) || sides.some(({ verdict }) => verdict === 'does not hold') ? 1 : 0;
}
