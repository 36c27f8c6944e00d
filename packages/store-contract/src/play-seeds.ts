import { relative } from 'node:path';
import { expect } from 'vitest';

/** A seed of a random test, and how many cases to play from it. */
export interface SeededRun {
  readonly seed: number;
  readonly runs: number;
}

export interface SeededSearch {
  /**
   * The prefix of two environment variables. With `FUZZ`, FUZZ_SEED plays only that seed, and FUZZ_RUNS sets its cases.
   */
  readonly variables: string;
  /** How many cases to play. Default for the environment variable. */
  readonly runs: number;
  /**
   * Runs that once failed. They are played first, up to `runs` cases each. A seed repeats its cases only as long as the
   * generators stay the same, so each defect that was found also needs a test that names it.
   */
  readonly failedBefore?: readonly SeededRun[] | undefined;
}

/** Returns how many cases a search plays from one seed. */
export const runsOf = ({ variables, runs }: SeededSearch): number => fromEnvironment(`${variables}_RUNS`) ?? runs;

/** Plays the seeds that failed before, then a new one. The error of a failure ends with the command that repeats it. */
export async function playSeeds(search: SeededSearch, play: (run: SeededRun) => Promise<void>): Promise<void> {
  for (const run of seededRuns(search)) {
    try {
      await play(run);
    } catch (error) {
      if (error instanceof Error) error.message += `\n\nTo repeat it: ${repeatCommand(search, run)}`;
      throw error;
    }
  }
}

function seededRuns(search: SeededSearch): SeededRun[] {
  const runs = runsOf(search);
  const wanted = fromEnvironment(`${search.variables}_SEED`);
  if (wanted !== undefined) return [{ seed: wanted, runs }];
  const failed = (search.failedBefore ?? []).map((run) => ({ ...run, runs: Math.min(run.runs, runs) }));
  return [...failed, { seed: Date.now() % 2 ** 31, runs }];
}

/** Returns a shell command for the folder in which the tests were started. */
function repeatCommand({ variables }: SeededSearch, { seed, runs }: SeededRun): string {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const file = relative(process.cwd(), testPath);
  const mode = file.endsWith('.system.test.ts') ? ' --mode system' : '';
  // Vitest reads the name as a regular expression.
  const name = currentTestName.replaceAll(/[^\w ,-]/g, '.');
  return `${variables}_SEED=${seed} ${variables}_RUNS=${runs} npx vitest run${mode} ${file} -t '${name}'`;
}

function fromEnvironment(name: string): number | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : Number(value);
}
