import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { markdownTable } from '@org/docs/markdown-table';
import { describeDisturbance, foreignShare, percent } from '@org/measure/cpu';
import type { Percentiles } from '@org/measure/latencies';
import { describeFacts } from '@org/measure/machine';
import type { LoadReport, Verdict } from './report.js';

/** Creates a folder such as `reports/mixed-2026-01-31T12-00-00`. */
export async function createReportFolder(reports: string, name: string): Promise<string> {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  const folder = join(reports, `${name}-${time}`);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** Prints a report, and writes `report.md` and `report.json`. */
export async function writeReport(folder: string, markdown: string, json: unknown): Promise<void> {
  await writeFile(join(folder, 'report.md'), markdown);
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(json, null, 2)}\n`);
  console.log(`${markdown}\nReport: ${folder}\n`);
}

/** Returns the report in Markdown: warnings, the founding guide's template, the verdicts, and the latencies by tool. */
export function formatReport(report: LoadReport): string {
  const { scenario, title, startedAt, client, seconds, voidBecause, endedEarly, verdicts } = report;
  const tools = client.tools.map(({ tool, calls, errors, fromStart: { p50, p95, p99, max }, fromSend }) => [
    tool,
    `${calls}`,
    `${errors}`,
    (calls / seconds).toFixed(1),
    ...[p50, p95, p99, max].map((ms) => ms.toFixed(2)),
    threeOf(fromSend),
  ]);
  return [
    `# Load: ${scenario}`,
    `${title} ${startedAt}, in open loop, timed from the intended start of each call.`,
    ...voidBecause.map((reason) => `**VOID**: ${reason}. The figures say nothing of the server.`),
    ...formatEarlyEnd(endedEarly),
    ...formatDisturbance(report),
    template(report),
    ...formatVerdicts(verdicts, voidBecause.length > 0),
    '## Latency by tool',
    markdownTable(
      ['tool', 'calls', 'errors', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'from the send: p50 / p95 / p99'],
      tools,
    ),
    ...resources(report),
    '',
  ].join('\n\n');
}

export const formatEarlyEnd = (reason: string | undefined): string[] =>
  reason === undefined ? [] : [`**PARTIAL**: ${reason}.`];

export function formatDisturbance({ cpu }: Pick<LoadReport, 'cpu'>): string[] {
  const disturbance = cpu && describeDisturbance(foreignShare(cpu));
  return disturbance === undefined ? [] : [`**${disturbance}**`];
}

/** The founding guide's template for results. */
function template({ environment, workload, client, server, seconds, figures }: LoadReport): string {
  const { calls, errorCodes, sendLag, tools } = client;
  const durations = tools.map(({ tool, fromStart }) => `${tool} ${threeOf(fromStart)} ms`);
  const errors = Object.entries(errorCodes).map(([code, count]) => `${code} ${count}`);
  const { statements = NaN, averageStatementMs = NaN, cacheHitRatio = NaN } = server ?? {};
  const query = `${averageStatementMs.toFixed(2)} ms, ${(statements / calls).toFixed(2)} statements a call`;
  return [
    `- Environment: ${describeFacts(environment)}`,
    `- Workload: ${describeFacts(workload)}`,
    `- Counted: ${calls} calls in ${seconds.toFixed(1)} s, ${(calls / seconds).toFixed(1)} a second`,
    `- P50/P95/P99 tool duration: ${durations.join(', ')}`,
    `- Error rate: ${percent(figures.errorShare)}${errors.length === 0 ? '' : ` (${errors.join(', ')})`}`,
    `- DB average query: ${Number.isNaN(averageStatementMs) ? 'not measured' : query}`,
    `- Cache hit ratio: ${Number.isNaN(cacheHitRatio) ? 'no call is known to have used a cache' : cacheHitRatio.toFixed(2)}`,
    `- Send lag of the driver: ${threeOf(sendLag)} ms, at most ${sendLag.max.toFixed(2)} ms`,
  ].join('\n');
}

/** A table of the bars, and a note on those that could not be measured. */
export function formatVerdicts(verdicts: readonly Verdict[], isVoid: boolean): string[] {
  const table = markdownTable(
    ['bar', 'measured', 'verdict'],
    verdicts.map(({ bar, value = 'not measured', holds }) => [
      bar,
      value,
      holds === undefined ? 'not judged' : isVoid ? 'void' : holds ? 'holds' : 'does not hold',
    ]),
  );
  if (verdicts.every(({ holds }) => holds !== undefined)) return [table];
  const needed = 'the run has to start the server, with PostgreSQL on this machine, on Linux';
  return [table, `**NOT MEASURED**: CPU and memory. For these bars, ${needed}.`];
}

const threeOf = ({ p50, p95, p99 }: Percentiles): string => [p50, p95, p99].map((ms) => ms.toFixed(2)).join(' / ');

function resources({ cpu, figures, serverMemoryBytes = NaN }: LoadReport): string[] {
  if (cpu === undefined) return [];
  const cores = Object.entries(cpu.parts).map(([part, used]) => `${part} ${percent(used)}`);
  const { cpuShare = NaN, memoryShare = NaN } = figures;
  return [
    '## CPU and memory',
    [
      `- CPU, of a core: ${cores.join(', ')}, others ${percent(cpu.others)}, the host of the machine ${percent(cpu.stolen)}. PostgreSQL and Redis are seen with all that they serve.`,
      `- Of the whole machine: ${percent(cpuShare)} of the CPU without the driver, ${percent(memoryShare)} of the memory.`,
      `- Memory of the server, at most: ${(serverMemoryBytes / 1024 ** 2).toFixed(0)} MiB.`,
    ].join('\n'),
  ];
}
