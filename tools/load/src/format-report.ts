import { markdownTable } from '@org/docs/markdown-table';
import { percent, withoutEnoughCalls } from './judge.js';
import type { Percentiles } from './latencies.js';
import { parts } from './observer.js';
import type { ToolSummary } from './tally.js';
import type { Agreement, LoadReport, MachineUsage, Verdict } from './report.js';

/** From so much on, the figures tell of others more than of the product. */
const tolerableShare = 0.15;

/** Of all cores, what neither the product nor the driver had: other processes did, or the host kept it. */
export const disturbedShare = ({ othersShare = 0, stolenShare = 0 }: MachineUsage): number => othersShare + stolenShare;

/** Undefined: the machine was quiet enough. */
export function describeDisturbance(machine: MachineUsage): string | undefined {
  if (disturbedShare(machine) <= tolerableShare) return undefined;
  const { othersShare = 0, stolenShare = 0 } = machine;
  return `**DISTURBED**: other processes used ${percent(othersShare)} of the CPU, and the host of the machine took ${percent(stolenShare)}. Run it on a quiet machine.`;
}

/** The last lines of the log of a server that ended by itself. */
export const formatLastLog = (lastLog: readonly string[]): string =>
  `The last lines of its log:\n\n\`\`\`text\n${lastLog.join('\n')}\n\`\`\``;

/** The report as a person reads it: the founding guide's template, and what it leaves open. */
export function formatReport(report: LoadReport, chartFiles: readonly string[]): string {
  return [
    `# Load: ${report.scenario}`,
    '',
    `${report.title} ${report.startedAt}, by ${describeDriver(report)}.`,
    '',
    ...warnings(report),
    ...template(report),
    verdictTable(report.verdicts, report.voidBecause.length > 0),
    '',
    '## Latency by tool',
    '',
    markdownTable(
      ['tool', 'calls', 'errors', 'calls/s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms', 'from the send: p50, p95, p99'],
      report.client.tools.map((tool) => toolRow(tool, report.seconds)),
    ),
    '',
    ...errorLines(report),
    ...agreementSection(report),
    ...resources(report),
    ...(chartFiles.length === 0 ? [] : ['## Over time', '', ...chartFiles.map((file) => `![${file}](${file})`), '']),
  ].join('\n');
}

function describeDriver({ driver, hasPrecedence }: LoadReport): string {
  if (driver === 'Artillery') return 'Artillery, which times from the send';
  return `the open-loop driver, which times from the intended start${hasPrecedence === true ? ' and goes before other processes' : ''}`;
}

function warnings({ voidBecause, endedEarly, lastLog, machine, verdicts }: LoadReport): string[] {
  const lines = [
    ...voidBecause.map((reason) => `**VOID**: ${reason}. The figures tell nothing of the server.`),
    ...(endedEarly === undefined ? [] : [`**PARTIAL**: ${endedEarly}.`]),
    ...(lastLog === undefined ? [] : [formatLastLog(lastLog)]),
    describeDisturbance(machine),
    describeUnmeasured(verdicts),
  ].filter((line) => line !== undefined);
  return lines.flatMap((line) => [line, '']);
}

/** Undefined: every bar could be judged. */
export function describeUnmeasured(verdicts: readonly Verdict[]): string | undefined {
  const bars = verdicts.filter(({ holds }) => holds === undefined).map(({ bar }) => bar);
  return bars.length === 0
    ? undefined
    : `**NOT MEASURED**: ${bars.join('; ')}. For these bars, the server has to be started by the run, and PostgreSQL to be on this machine, a Linux.`;
}

function template({ environment, workload, client, server, seconds }: LoadReport): string[] {
  const errors = Object.values(client.errorCodes).reduce((sum, count) => sum + count, 0);
  const average = server?.averageStatementMs;
  const statements = server === undefined || client.calls === 0 ? '' : (server.statements / client.calls).toFixed(2);
  return [
    `- Environment: ${describe(environment)}`,
    `- Workload: ${describe(workload)}`,
    `- Counted: ${client.calls} calls in ${seconds.toFixed(1)} s, ${(client.calls / seconds).toFixed(1)} a second`,
    `- P50/P95/P99 tool duration, as the server measured it: ${serverDurations(server?.tools)}`,
    `- Error rate: ${client.calls === 0 ? 'no calls' : percent(errors / client.calls)} (${errors} of ${client.calls})`,
    `- DB average query: ${average === undefined ? 'not measured' : `${average.toFixed(2)} ms, ${statements} statements a call`}`,
    `- Cache hit ratio: ${server?.cacheHitRatio?.toFixed(2) ?? (server === undefined ? 'not measured' : 'no call asked a cache')}`,
    `- Send lag of the driver: ${client.sendLag === undefined ? 'not measured' : formatPercentiles(client.sendLag)}`,
    '',
  ];
}

const serverDurations = (tools: NonNullable<LoadReport['server']>['tools'] | undefined): string =>
  tools === undefined
    ? 'not measured'
    : Object.entries(tools)
        .map(([tool, { p50, p95, p99 }]) => `${tool} ${[p50, p95, p99].map(({ ms }) => ms.toFixed(1)).join(' / ')} ms`)
        .join(', ');

export function verdictTable(verdicts: readonly Verdict[], isVoid: boolean): string {
  return markdownTable(
    ['bar', 'measured', 'verdict'],
    verdicts.map(({ bar, value, holds }) => [
      bar,
      value ?? 'not measured',
      holds === undefined ? 'not judged' : isVoid ? 'void' : holds ? 'holds' : 'does not hold',
    ]),
  );
}

const toolRow = ({ tool, calls, errors, fromStart, fromSend }: ToolSummary, seconds: number): string[] => [
  tool,
  `${calls}`,
  `${errors}`,
  (calls / seconds).toFixed(1),
  ...(['p50', 'p95', 'p99', 'max'] as const).map((name) => (fromStart ?? fromSend)[name].toFixed(2)),
  (['p50', 'p95', 'p99'] as const).map((name) => fromSend[name].toFixed(2)).join(', '),
];

function errorLines({ client }: LoadReport): string[] {
  const codes = Object.entries(client.errorCodes);
  return codes.length === 0 ? [] : [`Errors: ${codes.map(([code, count]) => `${code} ${count}`).join(', ')}.`, ''];
}

function agreementSection(report: LoadReport): string[] {
  const { agreement, client, server } = report;
  if (server === undefined) return [];
  const ping = client.ping === undefined ? '' : ` A ping took ${formatPercentiles(client.ping)}.`;
  const notCompared = withoutEnoughCalls(client);
  return [
    '## Server and client',
    '',
    `The server times from the arguments to the answer, in buckets; a client from the send, HTTP and MCP included.${ping}`,
    ...describeDifferences(report),
    ...(notCompared.length === 0 ? [] : [`Not compared, for too few calls: ${notCompared.join('; ')}.`]),
    '',
    ...(agreement.length === 0
      ? []
      : [
          markdownTable(
            ['tool', 'percentile', 'client ms', 'server ms', 'outcome'],
            agreement.map((item) => [
              item.tool,
              item.percentile,
              item.clientMs.toFixed(2),
              bucketOf(item),
              item.outcome,
            ]),
          ),
          '',
        ]),
  ];
}

function describeDifferences({ agreement, client, server, timeline }: LoadReport): string[] {
  const of = (outcome: Agreement['outcome']): Agreement[] => agreement.filter((item) => item.outcome === outcome);
  const [slower, faster] = [of('client slower'), of('client faster')];
  const list = (items: readonly Agreement[]): string => items.map(describeAgreement).join('; ');
  if (agreement.length > 0 && slower.length + faster.length === 0) {
    return [
      'They agree: what clients measured beyond the server’s bucket is no more than what a ping took at the same percentile.',
    ];
  }
  const lag = Math.max(0, ...timeline.map(({ eventLoopLagP99Ms }) => eventLoopLagP99Ms ?? 0));
  const calls = (tool: string): string =>
    `${tool} ${client.tools.find((item) => item.tool === tool)?.calls ?? 0} and ${server?.tools[tool]?.calls ?? 0}`;
  const beyond = client.ping === undefined ? 'and no ping was answered to compare with' : 'by more than a ping takes';
  return [
    ...(slower.length === 0
      ? []
      : [
          `Clients measured more than the server, ${beyond}: ${list(slower)}. That time went by outside of the tool, or in calls that never reached it: reading and writing larger messages, for instance, or waiting for an event loop (the server’s was up to ${lag.toFixed(1)} ms late, p99 of a second).`,
        ]),
    ...(faster.length === 0
      ? []
      : [
          `Clients measured less than the server: ${list(faster)}. No call takes a client less, so the two did not count the same calls (clients and server: ${[...new Set(faster.map(({ tool }) => tool))].map(calls).join('; ')}): some were under way when counting began or ended, or never reached the tool.`,
        ]),
  ];
}

const describeAgreement = (item: Agreement): string =>
  `${item.tool} ${item.percentile} ${item.clientMs.toFixed(2)} ms against ${bucketOf(item)} ms`;

const bucketOf = ({ serverMs: [above, atMost] }: Agreement): string =>
  Number.isFinite(atMost) ? `${above} to ${atMost}` : `more than ${above}`;

function resources({ parts: usage, machine }: LoadReport): string[] {
  const rows = parts.flatMap((part) => {
    const used = usage[part];
    return used === undefined
      ? []
      : [[part, `${percent(used.cores)} of a core`, `${(used.memoryBytes / 1024 ** 2).toFixed(0)} MiB`]];
  });
  const { cpuShare, othersShare, stolenShare, memoryShare } = machine;
  return [
    '## CPU and memory',
    '',
    markdownTable(['process', 'CPU', 'memory, at most'], rows),
    '',
    ...(cpuShare === undefined || othersShare === undefined || memoryShare === undefined
      ? []
      : [
          `Of the whole machine: ${percent(cpuShare)} of the CPU without the driver, ${percent(othersShare)} by processes that have no part in it, and ${percent(stolenShare ?? 0)} taken by the host; ${percent(memoryShare)} of the memory. PostgreSQL and Redis are seen with all that they serve.`,
          '',
        ]),
  ];
}

export const describe = (facts: Readonly<Record<string, string>>): string =>
  Object.entries(facts)
    .map(([name, value]) => `${name} ${value}`)
    .join(' · ');

const formatPercentiles = ({ p50, p95, p99, max }: Percentiles): string =>
  `p50 ${p50.toFixed(2)}, p95 ${p95.toFixed(2)}, p99 ${p99.toFixed(2)}, at most ${max.toFixed(2)} ms`;
