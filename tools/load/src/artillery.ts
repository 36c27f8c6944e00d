import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { artilleryScript, metricNames, tokenVariable } from './artillery-script.js';
import { createLatencies, type Percentiles } from './latencies.js';
import { createMcpClient } from '@org/bench/mcp-client';
import { startPinging, type Run } from './measure-run.js';
import { openObserver, type Observation } from './observer.js';
import { connectionOf, type PreparedRun, type RunContext } from './prepare-run.js';
import type { Progress } from './progress.js';
import type { ClientSummary, TimelinePoint } from './recorder.js';
import type { ToolSummary } from './tally.js';

const installFolder = join(import.meta.dirname, '..', 'artillery');
const program = join(installFolder, 'node_modules', 'artillery', 'bin', 'run');

/** Lets Artillery run a scenario: its warm-up counts, and latencies are from the send. */
export async function measureWithArtillery(context: RunContext, prepared: PreparedRun): Promise<Run> {
  const { args, signal, progress, folder } = context;
  const { scenario, target, run } = prepared;
  await install(progress);
  const [script, output] = [join(folder, 'artillery.json'), join(folder, 'artillery-report.json')];
  await writeFile(script, JSON.stringify(artilleryScript(scenario, target.url, { run, era: args.era }), null, 2));
  const child = spawnArtillery(['run', '--output', output, script], context);
  const observer = await openObserver({ ...target, driverPid: child.pid });
  const start = await observer.observe();
  const observations = [start];
  const client = createMcpClient({ url: target.url, ...connectionOf(args) });
  const pings = createLatencies();
  const stopPinging = startPinging(client, pings.record);
  const ended = once(child, 'exit');
  try {
    while (child.exitCode === null && child.signalCode === null) {
      await Promise.race([ended, setTimeout(1000)]);
      progress.show(`${scenario.name}: Artillery has run for ${observations.length} s`);
      const seen = await observer.observe();
      // Once it has ended, its usage stays what it was last.
      observations.push({ ...seen, usage: { ...observations.at(-1)?.usage, ...seen.usage } });
    }
  } finally {
    child.kill('SIGKILL');
    progress.end();
    stopPinging();
    await client.close();
    await observer.close();
  }
  if (!existsSync(output)) throw new Error(`Artillery ended without a report; see ${join(folder, logName)}`);
  const report = JSON.parse(await readFile(output, 'utf8')) as ArtilleryReport;
  const { firstMetricAt, lastMetricAt } = report.aggregate;
  const before = observations.findLast(({ atMs }) => atMs <= onOurClock(firstMetricAt)) ?? start;
  const after = observations.find(({ atMs }) => atMs >= onOurClock(lastMetricAt)) ?? observations.at(-1) ?? start;
  return {
    client: { ...readArtilleryReport(report, start.atMs), ping: pings.percentiles() },
    before,
    after,
    seconds: (after.atMs - before.atMs) / 1000,
    observations: report.intermediate.map((period) => nearest(observations, onOurClock(period.lastMetricAt))),
    endedEarly: signal.aborted ? 'it was stopped' : undefined,
  };
}

const logName = 'artillery.log';

function spawnArtillery(programArguments: readonly string[], { args, signal, folder }: RunContext): ChildProcess {
  const log = openSync(join(folder, logName), 'w');
  const child = spawn(process.execPath, [program, ...programArguments], {
    stdio: ['ignore', log, log],
    // Not in the script, which stays in the report's folder.
    env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true', [tokenVariable]: args.target?.token },
    // A Ctrl-C comes by the signal: Artillery then writes its report so far.
    detached: true,
  });
  const [stop, kill] = [() => child.kill('SIGINT'), () => child.kill('SIGKILL')];
  signal.addEventListener('abort', stop);
  process.once('exit', kill);
  child.once('exit', () => {
    signal.removeEventListener('abort', stop);
    process.off('exit', kill);
  });
  return child;
}

/** By its own lockfile, outside of the workspace's install. */
async function install(progress: Progress): Promise<void> {
  if (existsSync(program)) return;
  progress.show('Installing Artillery: 470 MB, once');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await promisify(execFile)(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: installFolder });
  progress.end();
}

/** What Artillery writes, as far as it is read here. */
export interface ArtilleryReport {
  readonly aggregate: ArtilleryPeriod;
  readonly intermediate: readonly ArtilleryPeriod[];
}

interface ArtilleryPeriod {
  readonly counters: Readonly<Record<string, number>>;
  readonly summaries: Readonly<Record<string, Percentiles & { readonly count: number }>>;
  /** Milliseconds since 1970. */
  readonly firstMetricAt: number;
  readonly lastMetricAt: number;
}

const onOurClock = (unixMs: number): number => unixMs - performance.timeOrigin;

function nearest(observations: readonly Observation[], atMs: number): Observation | undefined {
  return observations.toSorted((a, b) => Math.abs(a.atMs - atMs) - Math.abs(b.atMs - atMs))[0];
}

/** @param startMs of the run, on the clock of `performance.now()` */
export function readArtilleryReport({ aggregate, intermediate }: ArtilleryReport, startMs: number): ClientSummary {
  const tools = toolsOf(aggregate);
  return {
    tools,
    calls: tools.reduce((sum, { calls }) => sum + calls, 0),
    errorCodes: withPrefix(aggregate.counters, metricNames.error('')),
    timeline: intermediate.map((period): TimelinePoint => {
      const seconds = Math.max(1, (period.lastMetricAt - period.firstMetricAt) / 1000);
      const errors = Object.values(withPrefix(period.counters, metricNames.error('')));
      return {
        atSeconds: (onOurClock(period.lastMetricAt) - startMs) / 1000,
        callsPerSecond: (period.summaries[metricNames.all]?.count ?? 0) / seconds,
        errorsPerSecond: errors.reduce((sum, count) => sum + count, 0) / seconds,
        all: period.summaries[metricNames.all],
        p95OfTools: Object.fromEntries(toolsOf(period).map(({ tool, fromSend }) => [tool, fromSend.p95])),
      };
    }),
  };
}

const toolsOf = ({ summaries, counters }: ArtilleryPeriod): ToolSummary[] =>
  Object.entries(withPrefix(summaries, metricNames.tool('')))
    .map(([tool, { p50, p95, p99, max, count }]) => ({
      tool,
      calls: count,
      errors: counters[metricNames.failed(tool)] ?? 0,
      fromSend: { p50, p95, p99, max },
    }))
    .toSorted((a, b) => a.tool.localeCompare(b.tool));

const withPrefix = <T>(values: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
