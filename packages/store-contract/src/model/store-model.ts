import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { playScript } from './model-player.js';
import type { PlayedStep } from './model-step.js';
import { arbitraryScript, type Script } from './model-script.js';
import { playSeeds, runsOf, type SeededRun, type SeededSearch } from '../play-seeds.js';
import type { Outcome } from './model-side.js';
import type { StoreHarness } from '../harness/store-harness.js';

/** How long the search goes on. */
export interface ModelSearch {
  /** How many random scripts are played. The environment's `MODEL_RUNS` stands in for it. */
  readonly runs?: number | undefined;
  /** Where the search begins. */
  readonly seed?: number | undefined;
  /** After how many milliseconds it ends, however far it came. Default: a minute, and half a second for each script. */
  readonly limitMs?: number | undefined;
}

const defaultRuns = 50;
/** The searches that ever found an engine that differed: an SQLite that did not set a mark back. */
const failedBefore: readonly SeededRun[] = [{ seed: 755_538_102, runs: 200 }];
/** Enough for a script that a person can read. */
const maxShrinks = 300;
/** A slow engine may take longer to shrink what was found than anyone waits: it is printed as short as it is by then. */
const defaultLimitMs = (runs: number): number => 60_000 + runs * 500;

/**
 * Plays random scripts of commands, retries and moves of the clock on an engine and on the memory reference, and compares
 * every answer. A difference is shown as the shortest script that was found to show it.
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
    // oxlint-disable-next-line vitest/expect-expect -- a difference is thrown as it is to be read
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
 * What an engine answers differently from the reference, for a person to read; undefined when nothing was found.
 *
 * @throws when the time was over before all scripts were played, and those that were played showed nothing
 */
export async function findDifference(
  harness: StoreHarness,
  { runs = defaultRuns, seed, limitMs = defaultLimitMs(runs) }: ModelSearch,
): Promise<string | undefined> {
  let shortest: readonly PlayedStep[] = [];
  const property = fc.asyncProperty(fc.limitShrink(arbitraryScript, maxShrinks), async (script: Script) => {
    const played = await playScript(script, harness);
    const isSame = played.every((step) => step.isSame);
    // Every script that fails from here on is a shorter form of one that failed before.
    if (!isSame) shortest = played;
    return isSame;
  });
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed }),
    plugins: [
      // The long scripts are those that get somewhere.
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
