import { markdownTable } from '@org/docs/markdown-table';
import { describeDisturbance, percent } from '@org/measure/cpu';
import type { Percentiles } from '@org/measure/latencies';
import { describeFacts } from '@org/measure/machine';
import type { ToolSummary } from '../open-loop/recorder.js';
import type { LoadReport } from './build-report.js';
import type { Verdict } from './judge.js';

/** The report in Markdown: the founding guide's template, the verdicts, and the latencies by tool. */
export function formatReport(report: LoadReport): string {
  const { client, seconds, verdicts, voidBecause } = report;
  return [
    `# Load: ${report.scenario}`,
    `${report.title} ${report.startedAt}, by ${describeDriver(report)}.`,
    ...warnings(report),
    template(report).join('\n'),
    verdictTable(verdicts, voidBecause.length > 0),
    '## Latency by tool',
    markdownTable(
      ['tool', 'calls', 'errors', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'from the send: p50 / p95 / p99'],
      client.tools.map((tool) => toolRow(tool, seconds)),
    ),
    ...errorLine(report),
    ...resources(report),
    '',
  ].join('\n\n');
}

function describeDriver({ driver, hasPrecedence }: LoadReport): string {
  if (driver === 'Artillery') return 'Artillery, which times from the send';
  const precedence = hasPrecedence === true ? ' and runs before other processes' : '';
  return `the open-loop driver, which times from the intended start${precedence}`;
}

function warnings({ voidBecause, endedEarly, lastLog, cpu, verdicts }: LoadReport): string[] {
  const disturbance = cpu && describeDisturbance(cpu);
  return [
    ...voidBecause.map((reason) => `**VOID**: ${reason}. The figures say nothing of the server.`),
    ...(endedEarly === undefined ? [] : [`**PARTIAL**: ${endedEarly}.`]),
    ...(lastLog === undefined ? [] : [formatLastLog(lastLog)]),
    ...(disturbance === undefined ? [] : [`**${disturbance}**`]),
    ...describeUnmeasured(verdicts),
  ];
}

/** The last lines of the log of a server that ended. */
export const formatLastLog = (lastLog: string): string =>
  `The last lines of its log:\n\n\`\`\`text\n${lastLog}\n\`\`\``;

/** Returns no line if every bar could be judged. */
export function describeUnmeasured(verdicts: readonly Verdict[]): string[] {
  const bars = verdicts.filter(({ holds }) => holds === undefined).map(({ bar }) => bar);
  if (bars.length === 0) return [];
  const needed = 'the run has to start the server, with PostgreSQL on this machine, on Linux';
  return [`**NOT MEASURED**: ${bars.join('; ')}. For these bars, ${needed}.`];
}

function template({ environment, workload, client, server, seconds }: LoadReport): string[] {
  const { calls, sendLag } = client;
  const errors = Object.values(client.errorCodes).reduce((sum, count) => sum + count, 0);
  const durations = client.tools.map(({ tool, fromStart, fromSend }) => `${tool} ${threeOf(fromStart ?? fromSend)} ms`);
  const average = server?.averageStatementMs;
  return [
    `- Environment: ${describeFacts(environment)}`,
    `- Workload: ${describeFacts(workload)}`,
    `- Counted: ${calls} calls in ${seconds.toFixed(1)} s, ${(calls / seconds).toFixed(1)} a second`,
    `- P50/P95/P99 tool duration: ${durations.join(', ') || 'not measured'}`,
    `- Error rate: ${calls === 0 ? 'no calls' : percent(errors / calls)} (${errors} of ${calls})`,
    `- DB average query: ${average === undefined ? 'not measured' : `${average.toFixed(2)} ms, ${((server?.statements ?? 0) / calls).toFixed(2)} statements a call`}`,
    `- Cache hit ratio: ${server?.cacheHitRatio?.toFixed(2) ?? (server === undefined ? 'not measured' : 'no call used a cache')}`,
    `- Send lag of the driver: ${sendLag === undefined ? 'not measured' : `${threeOf(sendLag)} ms, at most ${sendLag.max.toFixed(2)} ms`}`,
  ];
}

export const verdictTable = (verdicts: readonly Verdict[], isVoid: boolean): string =>
  markdownTable(
    ['bar', 'measured', 'verdict'],
    verdicts.map(({ bar, value = 'not measured', holds }) => [
      bar,
      value,
      holds === undefined ? 'not judged' : isVoid ? 'void' : holds ? 'holds' : 'does not hold',
    ]),
  );

function toolRow({ tool, calls, errors, fromStart, fromSend }: ToolSummary, seconds: number): string[] {
  const latency = fromStart ?? fromSend;
  return [
    tool,
    `${calls}`,
    `${errors}`,
    (calls / seconds).toFixed(1),
    ...[latency.p50, latency.p95, latency.p99, latency.max].map((ms) => ms.toFixed(2)),
    threeOf(fromSend),
  ];
}

const threeOf = ({ p50, p95, p99 }: Percentiles): string => [p50, p95, p99].map((ms) => ms.toFixed(2)).join(' / ');

function errorLine({ client }: LoadReport): string[] {
  const codes = Object.entries(client.errorCodes);
  return codes.length === 0 ? [] : [`Errors: ${codes.map(([code, count]) => `${code} ${count}`).join(', ')}.`];
}

function resources({ cpu, figures, serverMemoryBytes }: LoadReport): string[] {
  if (cpu === undefined) return [];
  const cores = Object.entries(cpu.parts).map(([part, used]) => `${part} ${percent(used)}`);
  const { cpuShare = NaN, memoryShare = NaN } = figures;
  return [
    '## CPU and memory',
    [
      `- CPU, of a core: ${cores.join(', ')}, others ${percent(cpu.others)}, the host of the machine ${percent(cpu.stolen)}. PostgreSQL and Redis are seen with all that they serve.`,
      `- Of the whole machine: ${percent(cpuShare)} of the CPU without the driver, ${percent(memoryShare)} of the memory.`,
      `- Memory of the server, at most: ${((serverMemoryBytes ?? NaN) / 1024 ** 2).toFixed(0)} MiB.`,
    ].join('\n'),
  ];
}
