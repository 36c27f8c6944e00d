import { markdownTable } from '@org/docs/markdown-table';
import { describeDisturbance, percent } from '@org/measure/cpu';
import type { ServerEnded } from '@org/measure/http-server-process';
import { describeFacts } from '@org/measure/machine';
import { measureRun } from '../open-loop/measure-run.js';
import { prepareRun, type PreparedRun, type RunContext } from '../prepare-run.js';
import { buildReport, type LoadReport } from '../report/build-report.js';
import { formatLastLog } from '../report/format-report.js';
import { createReportFolder, writeReport } from '../report/write-report.js';
import { changeScenario } from '../scenario/scenario.js';
import { findCapacity, type Capacity, type Outcome, type Step } from './find-capacity.js';

/** The founding guide's goal. */
const bars = { p95Ms: 100, errorShare: 0.001 };
const firstRate = 200;
const [stepSeconds, stepWarmupSeconds] = [10, 2];

/** Finds the highest rate of `mixed` that holds, on one server. Returns true if it was found. */
export async function measureCapacity(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal, progress } = context;
  const folder = await createReportFolder(args.reports, 'capacity');
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareRun({ ...context, folder, resources });
  const { ended } = prepared.target;
  const isOver = (): boolean => signal.aborted || ended?.aborted === true;
  const capacity = await findCapacity<LoadReport>({
    firstRate: args.rate ?? firstRate,
    isOver,
    attempt: async (rate) => {
      const report = await tryRate(rate, { ...context, progress: () => undefined, folder, resources }, prepared);
      progress(`${rate} flows a second: p95 ${report.figures.p95Ms.toFixed(1)} ms, ${whyNot(report) || 'holds'}`);
      return { outcome: outcomeOf(report), result: report };
    },
  });
  await writeReport(folder, formatCapacity(capacity, prepared), capacity);
  return capacity.held !== undefined && capacity.beyond?.outcome === 'fails' && !isOver();
}

async function tryRate(rate: number, context: RunContext, prepared: PreparedRun): Promise<LoadReport> {
  const { durationSeconds = stepSeconds, warmupSeconds = stepWarmupSeconds } = context.args;
  const scenario = changeScenario(prepared.scenario, { rate, durationSeconds, warmupSeconds });
  const startedAt = new Date().toISOString();
  const run = await measureRun(context, { ...prepared, scenario });
  return buildReport(run, { ...prepared, scenario, args: context.args, startedAt });
}

function outcomeOf(report: LoadReport): Outcome {
  if (report.voidBecause.length > 0) return 'void';
  return whyNot(report) === '' ? 'holds' : 'fails';
}

/** Empty if the rate holds. */
function whyNot({ figures, voidBecause, endedEarly }: LoadReport): string {
  return [
    ...voidBecause.map((reason) => `void: ${reason}`),
    ...(endedEarly === undefined ? [] : [endedEarly]),
    ...(figures.p95Ms > bars.p95Ms ? [`p95 above ${bars.p95Ms} ms`] : []),
    ...(figures.errorShare > bars.errorShare ? [`${percent(figures.errorShare)} errors`] : []),
  ].join('; ');
}

const partNames = ['server', 'PostgreSQL', 'Redis', 'driver'];

function formatCapacity(capacity: Capacity<LoadReport>, { scenario, environment, target }: PreparedRun): string {
  const steps = capacity.steps.toSorted((a, b) => a.rate - b.rate);
  const { 'rate, at most': _rate, ...workload } = steps[0]?.result.workload ?? {};
  const serverEnded = target.ended?.aborted === true ? (target.ended.reason as ServerEnded) : undefined;
  return [
    `# Capacity: ${scenario.name}`,
    headline(capacity),
    ...(serverEnded === undefined
      ? []
      : [`**PARTIAL**: ${serverEnded.message}.`, formatLastLog(String(serverEnded.cause))]),
    ...disturbance(steps),
    markdownTable(
      [
        'flows/s',
        'calls/s',
        'p50 ms',
        'p95 ms',
        'errors',
        'send lag p99 ms',
        ...partNames.map((part) => `${part} cores`),
        'outcome',
      ],
      steps.map(stepRow),
    ),
    [`- Environment: ${describeFacts(environment)}`, `- Workload: ${describeFacts(workload)}`].join('\n'),
    '',
  ].join('\n\n');
}

function headline({ held, beyond }: Capacity<LoadReport>): string {
  const kept = `kept the p95 of the slowest tool ≤ ${bars.p95Ms} ms and errors ≤ ${percent(bars.errorShare)}`;
  if (held === undefined) return beyond?.outcome === 'fails' ? `No rate ${kept}.` : 'Nothing could be measured.';
  if (beyond === undefined) return `${held.rate} flows a second ${kept}. The search ended before a rate failed.`;
  const why = `At ${beyond.rate}: ${whyNot(beyond.result)}.`;
  return beyond.outcome === 'void'
    ? `**The capacity was not found**: ${held.rate} flows a second ${kept}, and higher rates could not be measured. ${why}`
    : `**${held.rate} flows a second** is the highest rate that ${kept}. ${why}`;
}

/** The disturbance of the step that was disturbed most. */
function disturbance(steps: readonly Step<LoadReport>[]): string[] {
  const usages = steps.map(({ result }) => result.cpu).filter((cpu) => cpu !== undefined);
  const [most] = usages.toSorted((a, b) => b.others + b.stolen - a.others - a.stolen);
  const line = most && describeDisturbance(most);
  return line === undefined ? [] : [`**${line}**`];
}

const stepRow = ({ rate, result }: Step<LoadReport>): string[] => [
  `${rate}`,
  (result.client.calls / result.seconds).toFixed(0),
  Math.max(...result.client.tools.map(({ fromStart, fromSend }) => (fromStart ?? fromSend).p50)).toFixed(1),
  result.figures.p95Ms.toFixed(1),
  percent(result.figures.errorShare),
  result.client.sendLag?.p99.toFixed(1) ?? '',
  ...partNames.map((part) => result.cpu?.parts[part]?.toFixed(2) ?? ''),
  whyNot(result) || 'holds',
];
