import { afterEach, describe, expect, it, vi } from 'vitest';
import { playSeeds, runsOf, type SeededRun } from './play-seeds.js';

afterEach(() => vi.unstubAllEnvs());

const search = {
  variables: 'SAMPLE',
  runs: 100,
  failedBefore: [
    { seed: 7, runs: 40 },
    { seed: 8, runs: 4000 },
  ],
};

async function played(): Promise<SeededRun[]> {
  const runs: SeededRun[] = [];
  await playSeeds(search, async (run) => void runs.push(run));
  return runs;
}

describe('seeds of a random test', () => {
  it('are those that failed before, with as many cases as they needed, and then a new one', async () => {
    const fresh = expect.any(Number) as number;
    expect(await played()).toEqual([
      { seed: 7, runs: 40 },
      { seed: 8, runs: 100 },
      { seed: fresh, runs: 100 },
    ]);
  });

  it('are only the one that the environment names', async () => {
    vi.stubEnv('SAMPLE_SEED', '9');
    vi.stubEnv('SAMPLE_RUNS', '5000');
    expect(await played()).toEqual([{ seed: 9, runs: 5000 }]);
    expect(runsOf(search)).toBe(5000);
  });

  it("come with the command that repeats them when they fail (even this one's)", async () => {
    const failing = playSeeds(search, async ({ seed }) => {
      if (seed === 8) throw new Error('a wrong answer');
    });
    await expect(failing).rejects.toThrow(
      /^a wrong answer\n\nTo repeat it: SAMPLE_SEED=8 SAMPLE_RUNS=100 npx vitest run \S*src\/play-seeds\.test\.ts -t 'seeds of a random test \. come with the command that repeats them when they fail \.even this one\.s\.'$/,
    );
  });
});
