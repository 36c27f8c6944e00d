import { execFileSync, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { LoadReport } from '../src/report.js';
import { readScenario, scenarioNames } from '../src/scenario.js';
import { startTarget, type Target } from '../src/target.js';
import { load, readReport, type Finished, type WrittenReport } from './load-command.js';

let folder: string;
let target: Target;
const resources = new AsyncDisposableStack();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'load-test-'));
  resources.defer(() => rm(folder, { recursive: true }));
  target = await startTarget({}, folder, resources);
});
afterAll(() => resources.disposeAsync());

const onTarget = (): string[] => ['--target', target.url, '--metrics', target.metricsUrl ?? ''];
const short = ['--rate', '40', '--duration', '1s', '--warmup', '0.2s', '--sessions', '20'];

/** A folder for one report. */
async function reportsOf(name: string): Promise<string> {
  const reports = join(folder, name);
  await mkdir(reports);
  return reports;
}

/** Sends SIGINT twice once a text is shown: one Ctrl-C comes from the terminal and from npm. */
function stopOnce(shown: string): (text: string, child: ChildProcess) => void {
  let isStopped = false;
  return (text, child) => {
    if (isStopped || !text.includes(shown)) return;
    isStopped = true;
    // Some calls are answered until then.
    for (const afterMs of [500, 505]) setTimeout(() => child.kill('SIGINT'), afterMs);
  };
}

describe('on a server that is running', () => {
  const finished = new Map<string, { readonly run: Finished; readonly report: WrittenReport<LoadReport> }>();
  beforeAll(async () => {
    const runs = scenarioNames.map(async (name) => {
      const reports = await reportsOf(name);
      const run = await load([name, ...short, ...onTarget(), '--reports', reports]);
      if (run.code !== 0 && run.code !== 1) throw new Error(run.stderr);
      finished.set(name, { run, report: await readReport(reports) });
    });
    await Promise.all(runs);
  });

  it.each(scenarioNames)('%s makes its calls, and none of them fails', (name) => {
    const { json } = finished.get(name)?.report ?? { json: undefined };
    const tools = new Set(readScenario(name).flows.flatMap(({ flow }) => flow.map(({ tool }) => tool)));
    expect(json?.client.errorCodes).toEqual({});
    expect(json?.client.tools.map(({ tool }) => tool)).toEqual([...tools].toSorted());
    expect(json?.endedEarly).toBeUndefined();
    for (const { calls, fromStart, fromSend } of json?.client.tools ?? []) {
      expect(calls).toBeGreaterThan(0);
      expect(fromSend.p50).toBeGreaterThan(0);
      expect(fromStart?.p95).toBeGreaterThanOrEqual(fromSend.p50);
    }
  });

  it('makes as many calls as the rate says, in the shares of the scenario', () => {
    const tools = finished.get('mixed')?.report.json.client.tools ?? [];
    const calls = Object.fromEntries(tools.map(({ tool, calls: count }) => [tool, count]));
    // Forty flows, of which a share of the warm-up's eight takes part in taking turns.
    expect(calls['updateContext']).toBeGreaterThanOrEqual(27);
    expect(calls['updateContext']).toBeLessThanOrEqual(29);
    expect(Object.values(calls).reduce((sum, count) => sum + count, 0)).toBe(40);
  });

  it('reports what the founding guide asks for', () => {
    const { run, report } = finished.get('reads') ?? {};
    expect(run?.stdout).toContain(report?.markdown);
    for (const line of ['Environment', 'Workload', 'P50/P95/P99', 'Error rate: 0 %', 'DB average query', 'Cache hit']) {
      expect(report?.markdown).toContain(`- ${line}`);
    }
    expect(report?.json.server?.averageStatementMs).toBeGreaterThan(0);
    expect(report?.json.server?.cacheHitRatio).toBeGreaterThan(0);
    // Of a server that the run has not started, CPU and memory are unknown.
    expect(report?.json.cpu).toBeUndefined();
    expect(report?.json.verdicts.map(({ bar, holds }) => [bar, holds === undefined])).toEqual([
      ['p95 of the slowest tool ≤ 100 ms', false],
      ['errors ≤ 0.1 %', false],
      ['CPU of the machine without the driver < 70 %', true],
      ['memory of the machine < 80 %', true],
    ]);
    expect(report?.markdown).toContain('**NOT MEASURED**');
    expect(report?.files).toEqual(['report.json', 'report.md']);
  });

  it('sets its exit code by the bars, and by the rules for void runs', () => {
    for (const { run, report } of finished.values()) {
      const { voidBecause, verdicts } = report.json;
      const isGood = voidBecause.length === 0 && verdicts.every(({ holds }) => holds !== false);
      expect(run.code).toBe(isGood ? 0 : 1);
      expect(report.markdown.includes('**VOID**')).toBe(voidBecause.length > 0);
    }
  });

  it.each([
    ['refuses calls', () => ['--target', `${new URL(target.url).origin}/elsewhere`], 'failed with HTTP 404'],
    ['is not there', () => ['--target', 'http://127.0.0.1:9/mcp'], 'failed with ECONNREFUSED: is the server up'],
    ['has no metrics', () => ['--target', target.url, '--metrics', 'http://127.0.0.1:9/'], 'No metrics at http://127'],
  ])('says in one line that a server %s', async (_case, args, said) => {
    const reports = await mkdtemp(join(folder, 'unusable-'));
    const { code, stderr } = await load(['mixed', ...short, ...args(), '--reports', reports]);
    expect(code).toBe(2);
    expect(stderr.trim().split('\n').at(-1)).toContain(said);
  });

  it('reports so far if it is stopped', async () => {
    const reports = await reportsOf('stopped');
    const args = ['soak', '--rate', '40', '--warmup', '0.1s', '--sessions', '20', ...onTarget(), '--reports', reports];
    const run = await load(args, stopOnce('counting'));
    expect(run.code).toBe(130);
    const { json, markdown } = await readReport<LoadReport>(reports);
    expect(markdown).toContain('**PARTIAL**: it was stopped.');
    expect(json.client.calls).toBeGreaterThan(0);
    expect(json.client.errorCodes).toEqual({});
  });

  it('reports the median of several runs', async () => {
    const reports = await reportsOf('median');
    const run = await load(['mixed', ...short, ...onTarget(), '--runs', '2', '--reports', reports]);
    expect([0, 1], run.stderr).toContain(run.code);
    const folders = (await readdir(reports)).toSorted();
    const median = await readFile(join(reports, folders.at(-1) ?? '', 'median.md'), 'utf8');
    expect(folders).toHaveLength(2);
    expect(run.stdout).toContain(median);
    expect(median).toContain('# Median of 2 runs: mixed');
    expect(median).toMatch(/p95 of the runs: [\d.]+ ms, [\d.]+ ms/);
  });

  it('searches for the capacity, and reports so far if it is stopped', async () => {
    const reports = await reportsOf('capacity');
    const args = ['capacity', ...short, '--duration', '0.5s', ...onTarget(), '--reports', reports];
    const run = await load(args, stopOnce('flows a second'));
    expect(run.code).toBe(130);
    const { json, markdown } = await readReport<{ steps: { rate: number; report: LoadReport }[] }>(reports);
    expect(json.steps[0]?.rate).toBe(40);
    expect(json.steps[0]?.report.client.errorCodes).toEqual({});
    expect(markdown).toMatch(/^\| 40 .*\|$/m);
    expect(markdown).toContain('warm-up 0.2 s · run 0.5 s');
  });
});

describe('with a server that it starts', () => {
  it('sees all parts, and counts on both sides what comes after the warm-up', async () => {
    const reports = await reportsOf('own');
    const run = await load(['mixed', ...short, '--warmup', '2s', '--reports', reports]);
    expect([0, 1], run.stderr).toContain(run.code);
    const { json } = await readReport<LoadReport>(reports);
    expect(Object.keys(json.cpu?.parts ?? {})).toEqual(expect.arrayContaining(['server', 'PostgreSQL', 'driver']));
    expect(json.serverMemoryBytes).toBeGreaterThan(1024 ** 2);
    expect(json.figures.cpuShare).toBeGreaterThan(0);
    expect(json.figures.memoryShare).toBeGreaterThan(0);
    expect(json.server?.calls).toBeGreaterThan(0);
    // Of the eighty calls of the warm-up, some may still have been under way when counting began.
    expect(json.server?.calls).toBeLessThan(json.client.calls + 60);
    expect(JSON.stringify(json)).not.toContain('postgres://');
  });

  it('reports so far if the server ends, and says how it ended', async () => {
    const reports = await reportsOf('ended');
    const run = await load(['mixed', ...short, '--duration', '10m', '--reports', reports], (text, child) => {
      if (!text.includes('counting')) return;
      const server = execFileSync('pgrep', ['-P', `${child.pid}`], { encoding: 'utf8' });
      setTimeout(() => process.kill(Number(server), 'SIGKILL'), 500);
    });
    expect(run.code, run.stderr).toBe(1);
    const { json, markdown, files } = await readReport<LoadReport>(reports);
    expect(json.client.calls).toBeGreaterThan(0);
    expect(markdown).toContain('**PARTIAL**: the server ended by SIGKILL: see server.log.');
    expect(files).toContain('server.log');
  });
});

it('says in one line that it needs a PostgreSQL server', async () => {
  vi.stubEnv('DATABASE_TEST_URL', 'postgres://user@127.0.0.1:9/none');
  onTestFinished(() => void vi.unstubAllEnvs());
  const { code, stderr } = await load(['mixed', '--reports', await reportsOf('no-database')]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /^The PostgreSQL server at 127.0.0.1:9 cannot be used .*: start one, or name it in DATABASE_TEST_URL.\n$/,
  );
});

it('prints its usage for arguments that it does not understand', async () => {
  const { code, stderr } = await load(['nothing']);
  expect(code).toBe(2);
  expect(stderr).toContain('nothing: name one of capacity, mixed');
  expect(stderr).toContain('npm run load -- SCENARIO');
});
