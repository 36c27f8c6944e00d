import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LoadArguments } from './arguments.js';
import { measureWithArtillery } from './artillery.js';
import { buildReport } from './build-report.js';
import { describeUnmeasured, verdictTable } from './format-report.js';
import { judge, medianFigures, noneFails } from './judge.js';
import { measureRun } from './measure-run.js';
import { connectionOf, describeWorkload, prepareRun, type RunContext } from './prepare-run.js';
import { reportFolder, writeReport } from './report-files.js';
import type { LoadReport } from './report.js';
import { readScenario } from './scenario.js';
import { orServerEnded } from './server-ended.js';

/** Measures a scenario as often as is asked for. @returns whether all holds */
export async function runScenario(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal } = context;
  const reports: LoadReport[] = [];
  let lastFolder = '';
  while (reports.length < args.runs && !signal.aborted) {
    const folder = await reportFolder(args.reports, args.scenario);
    await using resources = new AsyncDisposableStack();
    const report = await runOnce({ ...context, folder, resources });
    console.log(`${await writeReport(folder, report)}\nReport: ${folder}\n`);
    reports.push(report);
    lastFolder = folder;
  }
  if (reports.length <= 1) return reports.every(isGood);
  const { markdown, isGood: areGood } = summarise(reports, args);
  console.log(markdown);
  await writeFile(join(lastFolder, 'median.md'), markdown);
  return areGood;
}

async function runOnce(context: RunContext): Promise<LoadReport> {
  const { args } = context;
  const prepared = await prepareRun(context);
  const { scenario, target, pool, environment } = prepared;
  const startedAt = new Date().toISOString();
  const measured = args.isArtillery
    ? await orServerEnded(target.ended, measureWithArtillery(context, prepared))
    : await measureRun({ ...context, ...connectionOf(args), scenario, target, pool });
  return buildReport({
    scenario: scenario.name,
    title: scenario.title,
    startedAt,
    driver: args.isArtillery ? 'Artillery' : 'open loop',
    environment,
    workload: describeWorkload(scenario, args),
    bars: scenario.bars,
    ...measured,
  });
}

const isGood = ({ voidBecause, endedEarly, verdicts }: LoadReport): boolean =>
  voidBecause.length === 0 && endedEarly === undefined && noneFails(verdicts);

/** One void run makes the median void. */
function summarise(
  reports: readonly LoadReport[],
  { scenario }: LoadArguments,
): { readonly markdown: string; readonly isGood: boolean } {
  const isVoid = reports.some(({ voidBecause, endedEarly }) => voidBecause.length > 0 || endedEarly !== undefined);
  const verdicts = judge(medianFigures(reports.map(({ figures }) => figures)), readScenario(scenario).bars);
  const unmeasured = describeUnmeasured(verdicts);
  const p95 = reports.map(({ figures }) => `${figures.p95Ms.toFixed(2)} ms`).join(', ');
  return {
    markdown: `# Median of ${reports.length} runs: ${scenario}\n\n${verdictTable(verdicts, isVoid)}\n\n${unmeasured === undefined ? '' : `${unmeasured}\n\n`}p95 of the runs: ${p95}\n`,
    isGood: !isVoid && noneFails(verdicts),
  };
}
