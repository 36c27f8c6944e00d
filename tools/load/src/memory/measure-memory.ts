import { markdownTable } from '@org/docs/markdown-table';
import { orServerEnded } from '@org/measure/http-server-process';
import { describeFacts } from '@org/measure/machine';
import { createMcpClient } from '@org/measure/mcp-client';
import { unusedPort } from '@org/store-kysely/testing';
import { createRecorder, type ClientSummary } from '../open-loop/recorder.js';
import { prepareRun, type PreparedRun, type RunContext } from '../prepare-run.js';
import { createReportFolder, writeReport } from '../report/write-report.js';
import { runFlow } from '../scenario/run-flow.js';
import { takeByWeight } from '../scenario/take-by-weight.js';
import { judgeFlatness, type Flatness } from './flatness.js';
import { connectHeapInspector } from './heap-inspector.js';

const callers = 32;
/** How often the heap is looked at, but not more often than every 50 flows. */
const [looks, fewestFlows] = [60, 50];

interface HeapPoint {
  readonly flows: number;
  /** After a full collection. */
  readonly heapBytes: number;
}

/** What `report.json` holds. */
interface MemoryReport extends Flatness {
  readonly environment: Readonly<Record<string, string>>;
  readonly client: ClientSummary;
  readonly points: readonly HeapPoint[];
}

/** Drives one server as fast as it answers, and looks at its heap. Returns true if that is flat, without errors. */
export async function measureMemory(context: Omit<RunContext, 'folder' | 'resources'>): Promise<boolean> {
  const { args, signal } = context;
  const folder = await createReportFolder(args.reports, 'memory');
  await using resources = new AsyncDisposableStack();
  const inspectorPort = await unusedPort();
  const prepared = await prepareRun({ ...context, folder, resources }, [`--inspect=127.0.0.1:${inspectorPort}`]);
  const inspector = await connectHeapInspector(inspectorPort);
  resources.defer(inspector.close);
  const measured = await driveClosedLoop(context, prepared, inspector.usedBytesAfterCollection);
  const heap = measured.points.map(({ flows, heapBytes }) => [flows, heapBytes] as const);
  const report: MemoryReport = { environment: prepared.environment, ...measured, ...judgeFlatness(heap) };
  await writeReport(folder, formatMemory(report), report);
  return report.isFlat && Object.keys(report.client.errorCodes).length === 0 && !signal.aborted;
}

/** Lets each caller wait for its answer before it goes on. All of them pause while the heap is looked at. */
async function driveClosedLoop(
  { args, signal, progress }: Omit<RunContext, 'folder' | 'resources'>,
  { scenario, pool, target }: PreparedRun,
  heapBytes: () => Promise<number>,
): Promise<Pick<MemoryReport, 'client' | 'points'>> {
  const client = createMcpClient({ url: target.url, era: args.era });
  const recorder = createRecorder();
  const nextFlow = takeByWeight(scenario.flows);
  const every = Math.max(fewestFlows, Math.floor(args.flows / looks));
  let started = 0;
  const points: HeapPoint[] = [];
  const look = async (): Promise<void> => {
    points.push({ flows: started, heapBytes: await orServerEnded(target.ended, heapBytes()) });
    progress(`${started} of ${args.flows} flows, heap ${mib(points.at(-1)?.heapBytes ?? NaN)}`);
  };
  const isOver = (): boolean => signal.aborted || target.ended?.aborted === true;
  const call = async (until: number): Promise<void> => {
    while (started < until && !isOver()) {
      started += 1;
      const intendedMs = performance.now();
      const { record } = recorder;
      await runFlow({ flow: nextFlow(), variables: pool.variables(), client, intendedMs, record });
    }
  };
  try {
    await look();
    while (started < args.flows && !isOver()) {
      const until = Math.min(args.flows, started + every);
      await Promise.all(Array.from({ length: callers }, () => call(until)));
      await look();
    }
  } finally {
    await client.close();
  }
  return { client: recorder.summary(), points };
}

const mib = (bytes: number): string => `${(bytes / 1024 ** 2).toFixed(2)} MiB`;

function formatMemory({ environment, client, points, isFlat, growthBytes, toleratedBytes }: MemoryReport): string {
  const errors = Object.entries(client.errorCodes).map(([code, count]) => `${code} ${count}`);
  return [
    '# Memory of one mcp-http process',
    `The heap is **${isFlat ? 'flat' : 'NOT FLAT'}**: its trend gains ${mib(growthBytes)} over the last four fifths of the run; at most ${mib(toleratedBytes)} is tolerated. It goes from ${mib(points[0]?.heapBytes ?? NaN)} to ${mib(points.at(-1)?.heapBytes ?? NaN)}, each time after a full collection.`,
    markdownTable(
      ['tool', 'calls', 'errors'],
      client.tools.map(({ tool, calls, errors: failed }) => [tool, `${calls}`, `${failed}`]),
    ),
    ...(errors.length === 0 ? [] : [`Errors: ${errors.join(', ')}.`]),
    `- Environment: ${describeFacts(environment)}\n- Workload: ${callers} callers, as fast as they are answered`,
    '',
  ].join('\n\n');
}
