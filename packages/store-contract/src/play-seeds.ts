import { relative } from 'node:path';
import { expect } from 'vitest';

/** How a random test begins, and how many cases it plays from there. */
export interface SeededRun {
  readonly seed: number;
  readonly runs: number;
}

export interface SeededSearch {
  /** Begins the names of the environment's variables: with `FUZZ`, FUZZ_SEED plays one seed alone, and FUZZ_RUNS says how far. */
  readonly variables: string;
  /** How many cases are played when the environment does not say. */
  readonly runs: number;
  /**
   * The runs that ever failed: they are played first, no further than `runs`. A seed finds again what it found as long as
   * the generators are the same, so what it found needs a test that names it besides.
   */
  readonly failedBefore?: readonly SeededRun[] | undefined;
}

/** The cases that a search plays from one seed. */
export const runsOf = ({ variables, runs }: SeededSearch): number => fromEnvironment(`${variables}_RUNS`) ?? runs;

/** Plays the seeds that failed before, then a new one. The error of a failure names the command that repeats it. */
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

/** For a shell in the folder in which the tests were started. */
function repeatCommand({ variables }: SeededSearch, { seed, runs }: SeededRun): string {
  const { testPath = '', currentTestName = '' } = expect.getState();
  const file = relative(process.cwd(), testPath);
  const mode = file.endsWith('.system.test.ts') ? ' --mode system' : '';
  // Vitest takes the name for a regular expression.
  const name = currentTestName.replaceAll(/[^\w ,-]/g, '.');
  return `${variables}_SEED=${seed} ${variables}_RUNS=${runs} npx vitest run${mode} ${file} -t '${name}'`;
}

function fromEnvironment(name: string): number | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : Number(value);
}
