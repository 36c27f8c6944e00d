import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { orServerEnded } from '@org/measure/http-server-process';
import { measureWithArtillery } from './artillery/artillery.js';
import { measureRun } from './open-loop/measure-run.js';
import { prepareRun, type RunContext } from './prepare-run.js';
import { buildReport, type LoadReport } from './report/build-report.js';
import { describeUnmeasured, formatReport, verdictTable } from './report/format-report.js';
import { judge, medianFigures, noneFails } from './report/judge.js';
import { createReportFolder, writeReport } from './report/write-report.js';
import { readScenario } from './scenario/scenario.js';

/** Measures a scenario as often as the arguments say. Returns true if the runs are valid and no bar fails. */
export async function runScenario(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal } = context;
  const reports: LoadReport[] = [];
  let lastFolder = '';
  while (reports.length < args.runs && !signal.aborted) {
    lastFolder = await createReportFolder(args.reports, args.scenario);
    await using resources = new AsyncDisposableStack();
    const report = await runOnce({ ...context, folder: lastFolder, resources });
    reports.push(report);
    await writeReport(lastFolder, formatReport(report), report);
  }
  const areValid = reports.every(({ voidBecause, endedEarly }) => voidBecause.length === 0 && endedEarly === undefined);
  const figures = medianFigures(reports.map((report) => report.figures));
  const verdicts = judge(figures, readScenario(args.scenario).bars);
  if (reports.length > 1) {
    const markdown = [
      `# Median of ${reports.length} runs: ${args.scenario}`,
      verdictTable(verdicts, !areValid),
      ...describeUnmeasured(verdicts),
      `p95 of the runs: ${reports.map((report) => `${report.figures.p95Ms.toFixed(2)} ms`).join(', ')}\n`,
    ].join('\n\n');
    console.log(markdown);
    await writeFile(join(lastFolder, 'median.md'), markdown);
  }
  return areValid && noneFails(verdicts);
}

async function runOnce(context: RunContext): Promise<LoadReport> {
  const prepared = await prepareRun(context);
  const startedAt = new Date().toISOString();
  const run = context.args.isArtillery
    ? await orServerEnded(prepared.target.ended, measureWithArtillery(context, prepared))
    : await measureRun(context, prepared);
  return buildReport(run, { ...prepared, args: context.args, startedAt });
}
