import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createReportFolder, formatReport, formatVerdicts, writeReport } from './format-report.js';
import { measureRun } from './measure-run.js';
import { prepareRun, type RunContext } from './prepare-run.js';
import { buildReport, judge, noneFails, type Figures, type LoadReport } from './report.js';
import { readScenario } from './scenario.js';

/** Measures a scenario as often as the arguments say. Returns true if all runs are valid and no bar fails. */
export async function runScenario(context: RunContext): Promise<boolean> {
  const { args, signal } = context;
  const reports: LoadReport[] = [];
  let folder = '';
  while (reports.length < args.runs && !signal.aborted) {
    folder = await createReportFolder(args.reports, args.scenario);
    await using resources = new AsyncDisposableStack();
    const prepared = await prepareRun(context, folder, resources);
    const report = buildReport(await measureRun(context, prepared), prepared);
    reports.push(report);
    await writeReport(folder, formatReport(report), report);
  }
  const areValid = reports.every(({ voidBecause, endedEarly }) => voidBecause.length === 0 && endedEarly === undefined);
  const runs = reports.map(({ figures }) => figures);
  const verdicts = judge(medianOf(runs), readScenario(args.scenario).bars);
  if (runs.length > 1) {
    const markdown = [
      `# Median of ${runs.length} runs: ${args.scenario}`,
      ...formatVerdicts(verdicts, !areValid),
      `p95 of the runs: ${runs.map(({ p95Ms }) => `${p95Ms.toFixed(2)} ms`).join(', ')}\n`,
    ].join('\n\n');
    console.log(markdown);
    await writeFile(join(folder, 'median.md'), markdown);
  }
  return areValid && noneFails(verdicts);
}

/** The figures of the run in the middle by its p95 (of an even number, the worse one), but the most errors of all. */
function medianOf(runs: readonly Figures[]): Figures {
  const sorted = runs.toSorted((a, b) => a.p95Ms - b.p95Ms);
  const middle = sorted[Math.floor(sorted.length / 2)] as Figures;
  return { ...middle, errorShare: Math.max(...runs.map(({ errorShare }) => errorShare)) };
}
