import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createReportFolder } from '../format-report.js';
import { prepareRun, type PreparedRun, type RunContext } from '../prepare-run.js';
import { tokenVariable } from './artillery-engine.js';

/** Artillery has its own lockfile, outside of the workspace: it is 450 packages. */
const installFolder = join(import.meta.dirname, '..', '..', 'artillery');
const program = join(installFolder, 'node_modules', 'artillery', 'bin', 'run');

/**
 * Lets Artillery run a scenario, and print and write its own report. It counts the warm-up, and its latencies are from the
 * send. Returns true if the bars for latencies and errors hold, which are its thresholds.
 */
export async function runWithArtillery(context: RunContext): Promise<boolean> {
  const { args, progress } = context;
  await install(progress);
  const folder = await createReportFolder(args.reports, args.scenario);
  await using resources = new AsyncDisposableStack();
  const prepared = await prepareRun(context, folder, resources);
  const script = join(folder, 'artillery.json');
  await writeFile(script, JSON.stringify(scriptOf(prepared), null, 2));
  const output = join(folder, 'artillery-report.json');
  const child = spawn(process.execPath, [program, 'run', '--output', output, script], {
    stdio: 'inherit',
    // The token is not in the script, which stays in the report's folder.
    env: { ...process.env, ARTILLERY_DISABLE_TELEMETRY: 'true', [tokenVariable]: prepared.target.token },
    // Ctrl-C reaches this process alone, which then ends Artillery and the server in order.
    detached: true,
  });
  prepared.ending.addEventListener('abort', () => child.kill('SIGINT'));
  process.once('exit', () => child.kill('SIGKILL'));
  const [code] = (await once(child, 'exit')) as [number | null];
  console.log(`Report: ${folder}\n`);
  return code === 0 && !prepared.ending.aborted;
}

async function install(progress: RunContext['progress']): Promise<void> {
  if (existsSync(program)) return;
  progress('installing Artillery: 470 MB, once');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  await promisify(execFile)(npm, ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: installFolder });
}

function scriptOf({ scenario, target, pool }: PreparedRun): object {
  const { phases, flows, bars } = scenario;
  const tools = new Set(flows.flatMap(({ flow }) => flow.map(({ tool }) => tool)));
  const thresholds = [...tools].map((tool) => ({ [`mcp.${tool}.p95`]: bars.p95Ms }));
  const ensure = { thresholds, maxErrorRate: 100 * bars.errorShare };
  return {
    config: { target: target.url, phases, engines: { mcp: pool }, plugins: { ensure: {} }, ensure },
    scenarios: flows,
  };
}
