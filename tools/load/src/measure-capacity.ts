import { markdownTable } from '@org/docs/markdown-table';
import { percent } from '@org/measure/cpu';
import { describeFacts } from '@org/measure/machine';
import { findCapacity, type Capacity } from './find-capacity.js';
import { createReportFolder, formatDisturbance, formatEarlyEnd, writeReport } from './format-report.js';
import { earlyEnd, measureRun } from './measure-run.js';
import { prepareRun, type PreparedRun, type RunContext } from './prepare-run.js';
import { buildReport, type LoadReport } from './report.js';
import { changeScenario } from './scenario.js';

/** The founding guide's goal. */
const bars = { p95Ms: 100, errorShare: 0.001 };
const goal = `the p95 of the slowest tool ≤ ${bars.p95Ms} ms and errors ≤ ${percent(bars.errorShare)}`;
const firstRate = 200;
const [stepSeconds, stepWarmupSeconds] = [10, 2];

interface Step {
  readonly rate: number;
  readonly report: LoadReport;
}

/** Finds the highest rate of `mixed` that holds, on one server. Returns true if it was found. */
export async function measureCapacity(context: RunContext): Promise<boolean> {
  const { args, progress } = context;
  const { durationSeconds = stepSeconds, warmupSeconds = stepWarmupSeconds } = args;
  const folder = await createReportFolder(args.reports, 'capacity');
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareRun(context, folder, resources);
  const steps: Step[] = [];
  const capacity = await findCapacity(args.rate ?? firstRate, async (rate) => {
    const scenario = changeScenario(prepared.scenario, { rate, durationSeconds, warmupSeconds });
    const step = { ...prepared, scenario };
    const report = buildReport(await measureRun({ progress: () => undefined }, step), step);
    if (prepared.ending.aborted) return undefined;
    steps.push({ rate, report });
    const reason = whyNot(report);
    progress(`${rate} flows a second: p95 ${report.figures.p95Ms.toFixed(1)} ms, ${reason || 'holds'}`);
    return report.voidBecause.length > 0 ? 'void' : reason === '' ? 'holds' : 'fails';
  });
  await writeReport(folder, formatCapacity(capacity, steps, prepared), { ...capacity, steps });
  return capacity.held !== undefined && capacity.beyond?.outcome === 'fails';
}

/** Empty if the rate holds. */
function whyNot({ figures, voidBecause, endedEarly }: LoadReport): string {
  const reasons = voidBecause.map((reason) => `void: ${reason}`);
  if (endedEarly !== undefined) reasons.push(endedEarly);
  if (figures.p95Ms > bars.p95Ms) reasons.push(`p95 above ${bars.p95Ms} ms`);
  if (figures.errorShare > bars.errorShare) reasons.push(`${percent(figures.errorShare)} errors`);
  return reasons.join('; ');
}

function formatCapacity(capacity: Capacity, steps: readonly Step[], prepared: PreparedRun): string {
  const { scenario, environment, ending } = prepared;
  const { 'rate, at most': _rate, ...workload } = steps[0]?.report.workload ?? {};
  const parts = ['server', 'PostgreSQL', 'Redis', 'driver'];
  const rows = steps
    .toSorted((a, b) => a.rate - b.rate)
    .map(({ rate, report }) => [
      `${rate}`,
      (report.client.calls / report.seconds).toFixed(0),
      Math.max(...report.client.tools.map(({ fromStart }) => fromStart.p50)).toFixed(1),
      report.figures.p95Ms.toFixed(1),
      percent(report.figures.errorShare),
      report.client.sendLag.p99.toFixed(1),
      ...parts.map((part) => report.cpu?.parts[part]?.toFixed(2) ?? ''),
      whyNot(report) || 'holds',
    ]);
  const header = ['flows/s', 'calls/s', 'p50 ms', 'p95 ms', 'errors', 'send lag p99 ms'];
  return [
    `# Capacity: ${scenario.name}`,
    headline(capacity, steps),
    ...formatEarlyEnd(earlyEnd(ending)),
    ...steps.flatMap(({ report }) => formatDisturbance(report)).slice(0, 1),
    markdownTable([...header, ...parts.map((part) => `${part} cores`), 'outcome'], rows),
    `- Environment: ${describeFacts(environment)}\n- Workload: ${describeFacts(workload)}`,
    '',
  ].join('\n\n');
}

function headline({ held, beyond }: Capacity, steps: readonly Step[]): string {
  if (held === undefined) return beyond?.outcome === 'fails' ? `No rate kept ${goal}.` : 'Nothing could be measured.';
  if (beyond === undefined) return `${held} flows a second kept ${goal}. The search ended before a rate failed.`;
  const last = steps.findLast(({ rate }) => rate === beyond.rate);
  const why = last === undefined ? '' : `At ${last.rate}: ${whyNot(last.report)}.`;
  return beyond.outcome === 'void'
    ? `**The capacity was not found**: ${held} flows a second kept ${goal}, and higher rates could not be measured. ${why}`
    : `**${held} flows a second** is the highest rate that kept ${goal}. ${why}`;
}
