import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Percentiles } from '@org/measure/latencies';
import { watchMemory, type Run } from '../open-loop/measure-run.js';
import type { ClientSummary, ToolSummary } from '../open-loop/recorder.js';
import type { PreparedRun, RunContext } from '../prepare-run.js';
import { lookAtTarget } from '../target.js';
import { artilleryScript, metricNames, tokenVariable } from './artillery-script.js';

/** Artillery has its own lockfile, outside of the workspace: it is 450 packages. */
const installFolder = join(import.meta.dirname, '..', '..', 'artillery');
const program = join(installFolder, 'node_modules', 'artillery', 'bin', 'run');
const logName = 'artillery.log';

/** Lets Artillery run a scenario. It counts the warm-up, and its latencies are from the send. */
export async function measureWithArtillery(context: RunContext, prepared: PreparedRun): Promise<Run> {
  const { args, signal, progress, folder } = context;
  const { scenario, target, run } = prepared;
  await install(progress);
  const [script, output] = [join(folder, 'artillery.json'), join(folder, 'artillery-report.json')];
  await writeFile(script, JSON.stringify(artilleryScript(scenario, target.url, { run, era: args.era }), null, 2));
  const memory = watchMemory();
  const child = spawnArtillery(['run', '--output', output, script], context);
  progress('Artillery runs');
  const looks = [await lookAtTarget(target, child.pid)];
  const ended = once(child, 'exit');
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  try {
    while (isRunning()) {
      await Promise.race([ended, setTimeout(1000)]);
      // The CPU time of a process is gone with its end.
      if (isRunning()) looks.push(await lookAtTarget(target, child.pid));
    }
  } finally {
    child.kill('SIGKILL');
  }
  if (!existsSync(output)) throw new Error(`Artillery ended without a report; see ${join(folder, logName)}`);
  const { aggregate } = JSON.parse(await readFile(output, 'utf8')) as ArtilleryReport;
  const startMs = aggregate.firstMetricAt - performance.timeOrigin;
  const [first, last] = [looks[0] as (typeof looks)[0], looks.at(-1) as (typeof looks)[0]];
  return {
    client: summarise(aggregate),
    before: looks.findLast(({ cpu }) => cpu.atMs <= startMs) ?? first,
    after: { ...(await lookAtTarget(target, child.pid)), cpu: last.cpu },
    seconds: (aggregate.lastMetricAt - aggregate.firstMetricAt) / 1000,
    memoryShare: memory.end(),
    endedEarly: signal.aborted ? 'it was stopped' : undefined,
  };
}

function spawnArtillery(programArguments: readonly string[], { args, signal, folder }: RunContext): ChildProcess {
  const log = openSync(join(folder, logName), 'w');
  const child = spawn(process.execPath, [program, ...programArguments], {
    stdio: ['ignore', log, log],
    // The token is not in the script, which stays in the report's folder.
    env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true', [tokenVariable]: args.target?.token },
    // Ctrl-C reaches this process alone, which then interrupts Artillery: it writes its report so far.
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

async function install(progress: RunContext['progress']): Promise<void> {
  if (existsSync(program)) return;
  progress('installing Artillery: 470 MB, once');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await promisify(execFile)(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: installFolder });
}

/** The part of Artillery's report that is read here. */
interface ArtilleryReport {
  readonly aggregate: {
    readonly counters: Readonly<Record<string, number>>;
    readonly summaries: Readonly<Record<string, Percentiles & { readonly count: number }>>;
    /** Milliseconds since 1970. */
    readonly firstMetricAt: number;
    readonly lastMetricAt: number;
  };
}

function summarise({ summaries, counters }: ArtilleryReport['aggregate']): ClientSummary {
  const tools = Object.entries(withPrefix(summaries, metricNames.tool(''))).map(
    ([tool, { p50, p95, p99, max, count }]): ToolSummary => ({
      tool,
      calls: count,
      errors: counters[metricNames.failed(tool)] ?? 0,
      fromSend: { p50, p95, p99, max },
    }),
  );
  return {
    tools: tools.toSorted((a, b) => a.tool.localeCompare(b.tool)),
    calls: tools.reduce((sum, { calls }) => sum + calls, 0),
    errorCodes: withPrefix(counters, metricNames.error('')),
  };
}

const withPrefix = <T>(values: Readonly<Record<string, T>>, prefix: string): Record<string, T> =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, value]) => [name.slice(prefix.length), value]),
  );
