import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { playScript } from './model-player.js';
import type { PlayedStep } from './model-step.js';
import { type Script } from './model-command.js';
import { arbitraryScript } from './model-script.js';
import { playSeeds, runsOf, type SeededRun, type SeededSearch } from '../play-seeds.js';
import type { Outcome } from './model-side.js';
import type { StoreHarness } from '../harness/store-harness.js';

export interface ModelSearch {
  /** How many random scripts to play. The environment variable `MODEL_RUNS` overrides it. */
  readonly runs?: number | undefined;
  /** The seed of the search. */
  readonly seed?: number | undefined;
  /** When the search ends at the latest, in milliseconds. Default: a minute, and half a second for each script. */
  readonly limitMs?: number | undefined;
}

const defaultRuns = 50;
/** Searches that once found a difference: SQLite did not set a mark back. */
const failedBefore: readonly SeededRun[] = [{ seed: 755_538_102, runs: 200 }];
/** How long to shrink a script until a person can read it, in milliseconds. */
const maxShrinks = 300;
/** A slow engine may take too long to shrink a script: at this limit it is printed as short as it is. */
const defaultLimitMs = (runs: number): number => 60_000 + runs * 500;

/**
 * Declares a test that plays random commands, retries and clock moves on an engine and on the memory reference, and
 * compares every answer. A difference fails the test with the shortest script found that shows it.
 */
export function describeStoreModel(
  engine: string,
  open: () => Promise<StoreHarness>,
  options: Pick<ModelSearch, 'runs'> = {},
): void {
  describe(`store model: ${engine}`, () => {
    let harness: StoreHarness;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(() => harness.close());

    const search: SeededSearch = { variables: 'MODEL', runs: options.runs ?? defaultRuns, failedBefore };
    const runs = runsOf(search);
    // oxlint-disable-next-line vitest/expect-expect -- a difference is thrown as readable text
    it(
      `answers ${runs} random scripts as the reference does`,
      () =>
        playSeeds(search, async (run) => {
          const difference = await findDifference(harness, run);
          if (difference !== undefined) throw new Error(difference);
        }),
      2 * (failedBefore.length + 1) * defaultLimitMs(runs),
    );
  });
}

/**
 * Searches for an answer of an engine that differs from the reference's. Returns it as readable text, or undefined.
 *
 * @throws Error (the time was up before all scripts were played, and none had shown a difference)
 */
export async function findDifference(
  harness: StoreHarness,
  { runs = defaultRuns, seed, limitMs = defaultLimitMs(runs) }: ModelSearch,
): Promise<string | undefined> {
  let shortest: readonly PlayedStep[] = [];
  const property = fc.asyncProperty(fc.limitShrink(arbitraryScript, maxShrinks), async (script: Script) => {
    const played = await playScript(script, harness);
    const isSame = played.every((step) => step.isSame);
    // Scripts that fail from here on are shorter forms of the first one.
    if (!isSame) shortest = played;
    return isSame;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed }),
    plugins: [
      // Long scripts, because short ones reach few states.
      fc.unbiased(),
      fc.interruptAfterTimeLimit(limitMs),
    ],
  });
  if (details.counterexample !== null) return describeDifference(shortest);
  if (details.numRuns < runs) throw new Error(`The time was over after ${details.numRuns} of ${runs} scripts.`);
  return undefined;
}

function describeDifference(played: readonly PlayedStep[]): string {
  const last = played.at(-1);
  return [
    "An answer differs from the reference's. The script:",
    ...played.map(({ text, expected }, index) => `${index + 1}. ${text}\n     → ${inShort(expected)}`),
    `reference: ${JSON.stringify(last?.expected, undefined, 1)}`,
    `engine: ${JSON.stringify(last?.actual, undefined, 1)}`,
  ]
    .join('\n')
    .replaceAll(/model-[0-9a-f-]{36}-?/g, '');
}

function inShort(outcome: Outcome): string {
  if ('defect' in outcome) return `defect: ${outcome.defect}`;
  return 'refusal' in outcome ? outcome.refusal.code : (JSON.stringify(outcome.answer)?.slice(0, 300) ?? 'done');
}
