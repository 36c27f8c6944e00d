import { availableParallelism } from 'node:os';
import { markdownTable } from '@org/docs/markdown-table';
import type { LoadArguments } from './arguments.js';
import { buildReport } from './build-report.js';
import { findKnee, type Knee, type Outcome, type Step } from './find-knee.js';
import { describe, describeDisturbance, disturbedShare, formatLastLog } from './format-report.js';
import { percent } from './judge.js';
import { lineChart } from './line-chart.js';
import { measureRun } from './measure-run.js';
import { parts } from './observer.js';
import { connectionOf, describeWorkload, prepareRun, type PreparedRun, type RunContext } from './prepare-run.js';
import { reportFolder, writeFiles } from './report-files.js';
import type { LoadReport } from './report.js';
import { changeScenario, type Scenario } from './scenario.js';
import type { ServerEnded } from './server-ended.js';

/** The founding guide's goal. */
const bars = { p95Ms: 100, errorShare: 0.001 };
const firstRate = 200;
const [stepSeconds, stepWarmupSeconds] = [10, 2];

type KneeStep = Step<LoadReport>;

/** Finds the knee of a scenario on one server. @returns whether it was found, rather than a rate below it */
export async function runKnee(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal } = context;
  const folder = await reportFolder(args.reports, 'knee');
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareRun({ ...context, folder, resources });
  const { ended } = prepared.target;
  const isOver = (): boolean => signal.aborted || ended?.aborted === true;
  const knee = await findKnee<LoadReport>({
    firstRate: args.rate ?? firstRate,
    isOver,
    attempt: async (rate) => {
      const report = await tryRate(rate, { ...context, folder, resources }, prepared);
      return { outcome: outcomeOf(report), result: report };
    },
  });
  const markdown = formatKnee(knee, prepared, args);
  await writeFiles(folder, { markdown, json: knee, charts: chartsOf(knee.steps) });
  console.log(`${markdown}\nReport: ${folder}`);
  return knee.held !== undefined && knee.beyond?.outcome === 'fails' && !isOver();
}

async function tryRate(rate: number, context: RunContext, { scenario, target, pool, environment }: PreparedRun) {
  const { args } = context;
  const step = stepOf(scenario, rate, args);
  const startedAt = new Date().toISOString();
  const run = await measureRun({ ...context, ...connectionOf(args), scenario: step, target, pool });
  const report = buildReport({
    scenario: step.name,
    title: step.title,
    startedAt,
    driver: 'open loop',
    environment,
    workload: describeWorkload(step, args),
    bars: step.bars,
    ...run,
  });
  console.error(`${rate} flows a second: p95 ${report.figures.p95Ms.toFixed(1)} ms, ${whyNot(report) || 'holds'}`);
  return report;
}

const stepOf = (scenario: Scenario, rate: number, { durationSeconds, warmupSeconds }: LoadArguments): Scenario =>
  changeScenario(scenario, {
    rate,
    durationSeconds: durationSeconds ?? stepSeconds,
    warmupSeconds: warmupSeconds ?? stepWarmupSeconds,
    sessions: scenario.sessions,
  });

function outcomeOf(report: LoadReport): Outcome {
  if (report.voidBecause.length > 0) return 'void';
  return whyNot(report) === '' ? 'holds' : 'fails';
}

/** Empty: it holds. */
function whyNot({ figures, voidBecause, endedEarly }: LoadReport): string {
  return [
    ...voidBecause.map((reason) => `void: ${reason}`),
    ...(endedEarly === undefined ? [] : [endedEarly]),
    ...(figures.p95Ms > bars.p95Ms ? [`p95 above ${bars.p95Ms} ms`] : []),
    ...(figures.errorShare > bars.errorShare ? [`${percent(figures.errorShare)} errors`] : []),
  ].join('; ');
}

function formatKnee(knee: Knee<LoadReport>, prepared: PreparedRun, args: LoadArguments): string {
  const { scenario, environment, target } = prepared;
  return [
    `# Knee: ${scenario.name}`,
    '',
    headline(knee),
    ...(target.ended?.aborted === true ? describeEnd(target.ended.reason as ServerEnded) : []),
    ...disturbance(knee.steps),
    '',
    markdownTable(
      [
        'flows/s',
        'answered/s',
        'p50 ms',
        'p95 ms',
        'errors',
        'send lag p99 ms',
        ...parts.map((part) => `${part} cores`),
        'outcome',
      ],
      byRate(knee.steps).map(({ rate, result }) => stepRow(rate, result)),
    ),
    '',
    '![p95 by rate](latency.svg) ![CPU by rate](cpu.svg)',
    '',
    `- Environment: ${describe(environment)}`,
    `- Workload: ${describe(workloadOf(scenario, args))}`,
    '',
  ].join('\n');
}

/** Of every step: only the rate is its own. */
function workloadOf(scenario: Scenario, args: LoadArguments): Record<string, string> {
  const {
    'rate, at most': _rate,
    'warm-up': warmup,
    run,
    ...workload
  } = describeWorkload(stepOf(scenario, firstRate, args), args);
  return {
    ...workload,
    rate: `that of the step, ${args.spread}`,
    'warm-up of each step': `${warmup}`,
    'each step': `${run}`,
  };
}

function headline({ held, beyond }: Knee<LoadReport>): string {
  const kept = `kept the p95 of the slowest tool ≤ ${bars.p95Ms} ms and errors ≤ ${percent(bars.errorShare)}`;
  if (held === undefined) return beyond?.outcome === 'fails' ? `No rate ${kept}.` : 'Nothing could be measured.';
  if (beyond === undefined) return `${held.rate} flows a second ${kept}. The search was over before a rate failed.`;
  const why = `At ${beyond.rate}: ${whyNot(beyond.result)}.`;
  return beyond.outcome === 'void'
    ? `**The knee was not found**: ${held.rate} flows a second ${kept}, and what is beyond could not be measured. ${why}`
    : `**${held.rate} flows a second** is the highest rate that ${kept}. ${why} What ran out: ${whatRanOut(beyond.result)}.`;
}

const describeEnd = ({ message, lastLog }: ServerEnded): string[] => [
  '',
  `**PARTIAL**: ${message}.`,
  '',
  formatLastLog(lastLog),
];

/** Of the step that was disturbed most. */
function disturbance(steps: readonly KneeStep[]): string[] {
  const [most] = steps.map(({ result }) => result.machine).toSorted((a, b) => disturbedShare(b) - disturbedShare(a));
  const line = most === undefined ? undefined : describeDisturbance(most);
  return line === undefined ? [] : ['', line];
}

const byRate = (steps: readonly KneeStep[]): KneeStep[] => steps.toSorted((a, b) => a.rate - b.rate);

const stepRow = (rate: number, report: LoadReport): string[] => [
  `${rate}`,
  (report.client.calls / report.seconds).toFixed(0),
  Math.max(...report.client.tools.map(({ fromSend, fromStart }) => (fromStart ?? fromSend).p50)).toFixed(1),
  report.figures.p95Ms.toFixed(1),
  percent(report.figures.errorShare),
  report.client.sendLag?.p99.toFixed(1) ?? '',
  ...parts.map((part) => report.parts[part]?.cores.toFixed(2) ?? ''),
  whyNot(report) || 'holds',
];

/** A part that is this busy has nothing left. */
const busyShare = 0.9;

/** What kept the server from more, as far as it can be seen. */
function whatRanOut({ parts: usage, machine }: LoadReport): string {
  const cores = parts.map((part) => `${part} ${(usage[part]?.cores ?? 0).toFixed(2)}`).join(', ');
  const machineShare = (machine.cpuShare ?? 0) + (usage.driver?.cores ?? 0) / availableParallelism();
  if (machineShare > busyShare) {
    return `the CPU of the machine (cores: ${cores}, others ${((machine.othersShare ?? 0) * availableParallelism()).toFixed(2)})`;
  }
  if ((usage.server?.cores ?? 0) > busyShare) return `the core that the server’s JavaScript runs on (cores: ${cores})`;
  return `nothing that was looked at (cores: ${cores})`;
}

function chartsOf(steps: readonly KneeStep[]): Record<string, string> {
  const xTitle = 'flows a second';
  const line = (name: string, y: (report: LoadReport) => number | undefined) => ({
    name,
    points: byRate(steps.filter(({ outcome }) => outcome !== 'void')).map(
      ({ rate, result }) => [rate, Math.min(y(result) ?? 0, 10 * bars.p95Ms)] as const,
    ),
  });
  return {
    'latency.svg': lineChart({
      title: 'p95 of the slowest tool',
      xTitle,
      yTitle: 'ms',
      lines: [line('p95', ({ figures }) => figures.p95Ms), line('goal', () => bars.p95Ms)],
    }),
    'cpu.svg': lineChart({
      title: 'CPU',
      xTitle,
      yTitle: 'cores',
      lines: parts.map((part) => line(part, (report) => report.parts[part]?.cores)),
    }),
  };
}
