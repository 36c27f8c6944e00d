import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const program = join(import.meta.dirname, '../node_modules/@modelcontextprotocol/conformance/dist/index.js');

/** The protocol's revisions that the suite has requirements of, one for each era. */
export const revisions = ['2025-11-25', '2026-07-28'] as const;
export type Revision = (typeof revisions)[number];

/** One check of a scenario. */
interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

export interface ConformanceRun {
  /** 0 if exactly the scenarios that the baseline names failed. */
  readonly exitCode: number;
  readonly output: string;
  /** Each scenario that ran, required ones and others, with its checks. */
  readonly scenarios: ReadonlyMap<string, readonly Check[]>;
}

/**
 * Runs the scenarios that a revision requires of servers, and those that the suite only reports, on a server.
 *
 * @param baseline a YAML file of the scenarios that may fail
 */
export async function runConformance(url: string, revision: Revision, baseline?: string): Promise<ConformanceRun> {
  const folder = await mkdtemp(join(tmpdir(), 'conformance-'));
  try {
    const given = ['server', '--url', url, '--requirements', revision, '--output-dir', folder];
    const { exitCode, output } = await run(
      baseline === undefined ? given : [...given, '--expected-failures', baseline],
    );
    return { exitCode, output, scenarios: await readChecks(folder) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(given: readonly string[]): Promise<Pick<ConformanceRun, 'exitCode' | 'output'>> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, ...given], { maxBuffer: Infinity }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
    });
  });
}

/** The suite leaves a folder `server-SCENARIO-TIME` for each scenario. */
async function readChecks(folder: string): Promise<Map<string, Check[]>> {
  const checks = new Map<string, Check[]>();
  for (const name of (await readdir(folder)).toSorted()) {
    const [, scenario = name] = /^server-(.+)-\d{4}-\d\d-\d\dT[\d-]+Z$/.exec(name) ?? [];
    checks.set(scenario, JSON.parse(await readFile(join(folder, name, 'checks.json'), 'utf8')) as Check[]);
  }
  return checks;
}

/** The names of scenarios by result, in alphabetical order. */
export interface Verdicts {
  readonly passed: readonly string[];
  /** The scenarios in which the suite checked only that messages are well-formed. */
  readonly vacuous: readonly string[];
  readonly failed: readonly string[];
}

export function verdictsOf({ scenarios }: ConformanceRun): Verdicts {
  const named = (verdict: string): string[] =>
    [...scenarios].filter(([, checks]) => verdictOf(checks) === verdict).map(([name]) => name);
  return { passed: named('passed'), vacuous: named('vacuous'), failed: named('failed') };
}

function verdictOf(checks: readonly Check[]): 'passed' | 'vacuous' | 'failed' {
  if (checks.some(({ status }) => status === 'FAILURE')) return 'failed';
  return checks.some(({ id, status }) => status === 'SUCCESS' && !id.startsWith('wire-schema-')) ? 'passed' : 'vacuous';
}

export function failures({ scenarios }: ConformanceRun): { readonly scenario: string; readonly message: string }[] {
  return [...scenarios].flatMap(([scenario, checks]) =>
    checks
      .filter(({ status }) => status === 'FAILURE')
      .map(({ id, errorMessage }) => ({ scenario, message: `${id}: ${errorMessage ?? ''}` })),
  );
}
