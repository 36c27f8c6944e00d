import { markdownTable } from '@org/docs/markdown-table';
import { unusedPort } from '@org/store-kysely/testing';
import { orServerEnded } from './server-ended.js';
import { judgeFlatness, type Flatness } from './flatness.js';
import { describe } from './format-report.js';
import { connectHeapInspector } from './heap-inspector.js';
import { lineChart } from './line-chart.js';
import { createMcpClient, type McpClient } from '@org/bench/mcp-client';
import { describePoint } from './measure-run.js';
import { openObserver } from './observer.js';
import { connectionOf, prepareRun, type PreparedRun, type RunContext } from './prepare-run.js';
import { createRecorder, type ClientSummary } from './recorder.js';
import { reportFolder, writeFiles } from './report-files.js';
import { runFlow } from './run-flow.js';
import { takeByWeight } from './take-by-weight.js';

const callers = 32;
/** How often the heap is looked at; but not after fewer flows than these. */
const looks = 60;
const fewestFlows = 50;

interface HeapPoint {
  readonly flows: number;
  /** After a full collection. */
  readonly heapBytes: number;
  readonly residentBytes: number;
}

/** What `report.json` holds. */
interface MemoryReport extends Flatness {
  readonly environment: Readonly<Record<string, string>>;
  readonly client: ClientSummary;
  readonly points: readonly HeapPoint[];
}

/** Drives one server as fast as it goes, and looks at its heap. @returns whether that is flat, without errors */
export async function runMemory(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal } = context;
  const folder = await reportFolder(args.reports, 'memory');
  await using resources = new AsyncDisposableStack();
  const inspectorPort = await unusedPort();
  const prepared = await prepareRun({ ...context, folder, resources }, [`--inspect=127.0.0.1:${inspectorPort}`]);
  const client = createMcpClient({ url: prepared.target.url, ...connectionOf(args) });
  resources.defer(() => client.close());
  const look = await openLook(inspectorPort, prepared, resources);
  const measured = await driveClosedLoop(context, prepared, client, look);
  const { environment } = prepared;
  const heap = measured.points.map(({ flows, heapBytes }) => [flows, heapBytes] as const);
  const report: MemoryReport = { environment, ...measured, ...judgeFlatness(heap) };
  const markdown = formatMemory(report);
  await writeFiles(folder, { markdown, json: report, charts: { 'heap.svg': chartOf(report) } });
  console.log(`${markdown}\nReport: ${folder}`);
  return report.isFlat && Object.keys(report.client.errorCodes).length === 0 && !signal.aborted;
}

type Look = (flows: number) => Promise<HeapPoint>;

async function openLook(port: number, { target }: PreparedRun, resources: AsyncDisposableStack): Promise<Look> {
  const inspector = await connectHeapInspector(port);
  resources.defer(inspector.close);
  const observer = await openObserver({ metricsUrl: target.metricsUrl });
  resources.defer(observer.close);
  return async (flows) => {
    const heapBytes = await inspector.usedBytesAfterCollection();
    const { usage } = await observer.observe();
    return { flows, heapBytes, residentBytes: usage.server?.memoryBytes ?? NaN };
  };
}

/** Callers that each wait for their answers before they go on. */
async function driveClosedLoop(
  { args, signal, progress }: Omit<RunContext, 'folder' | 'resources'>,
  { scenario, pool, target: { ended } }: PreparedRun,
  client: McpClient,
  look: Look,
): Promise<Pick<MemoryReport, 'client' | 'points'>> {
  const recorder = createRecorder();
  const nextFlow = takeByWeight(scenario.flows);
  const every = Math.max(fewestFlows, Math.floor(args.flows / looks));
  const points = [await look(0)];
  let started = 0;
  const isOver = (): boolean => signal.aborted || ended?.aborted === true;
  const call = async (until: number): Promise<void> => {
    while (started < until && !isOver()) {
      started += 1;
      await runFlow({
        flow: nextFlow(),
        variables: pool.variables(),
        client,
        intendedMs: performance.now(),
        record: (made) => recorder.record(made, { isWarmup: false }),
      });
    }
  };
  const ticking = setInterval(() => {
    progress.show(`${scenario.name}: ${started} of ${args.flows} flows, ${describePoint(recorder.tick())}`);
  }, 1000);
  try {
    while (started < args.flows && !isOver()) {
      const until = Math.min(args.flows, started + every);
      await Promise.all(Array.from({ length: callers }, () => call(until)));
      points.push(await orServerEnded(ended, look(started)));
    }
  } finally {
    clearInterval(ticking);
    progress.end();
  }
  recorder.tick();
  return { client: recorder.summary(), points };
}

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(2)} MiB`;

function formatMemory({ environment, client, points, isFlat, growthBytes, toleratedBytes }: MemoryReport): string {
  const errors = Object.entries(client.errorCodes);
  const [first, last] = [points[0], points.at(-1)];
  return [
    '# Memory of one mcp-http process',
    '',
    `The heap is **${isFlat ? 'flat' : 'NOT FLAT'}**: its trend gains ${mib(growthBytes)} over the last four fifths of the run; at most ${mib(toleratedBytes)} is tolerated. From ${mib(first?.heapBytes ?? 0)} to ${mib(last?.heapBytes ?? 0)}, each time after a full collection.`,
    '',
    '![heap](heap.svg)',
    '',
    markdownTable(
      ['tool', 'calls', 'errors'],
      client.tools.map(({ tool, calls, errors: failed }) => [tool, `${calls}`, `${failed}`]),
    ),
    '',
    ...(errors.length === 0 ? [] : [`Errors: ${errors.map(([code, count]) => `${code} ${count}`).join(', ')}.`, '']),
    `- Environment: ${describe(environment)}`,
    `- Workload: ${callers} callers, as fast as they are answered`,
    '',
  ].join('\n');
}

const chartOf = ({ points }: MemoryReport): string =>
  lineChart({
    title: 'Memory of one mcp-http process',
    xTitle: 'flows that were run',
    yTitle: 'MiB',
    lines: [
      { name: 'heap, after a full collection', points: points.map((at) => [at.flows, at.heapBytes / 1024 ** 2]) },
      { name: 'resident', points: points.map((at) => [at.flows, at.residentBytes / 1024 ** 2]) },
    ],
  });
