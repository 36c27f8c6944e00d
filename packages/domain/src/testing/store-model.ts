import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { playScript, type PlayedStep } from './model-player.js';
import { arbitraryScript, type Script } from './model-script.js';
import type { Outcome } from './model-side.js';
import type { StoreHarness } from './store-scenario.js';

/** How long the search goes on. */
export interface ModelSearch {
  /** How many random scripts are played. The environment's `MODEL_RUNS` stands in for it. */
  readonly runs?: number | undefined;
  /** Where the search begins, as printed by one that found something. The environment's `MODEL_SEED` stands in for it. */
  readonly seed?: number | undefined;
}

const defaultRuns = 50;
/** Enough for a script that a person can read. */
const maxShrinks = 300;
/** However slow the engine, the search ends about then: what it has found is printed as short as it is. */
const maxSearchMs = 60_000;

/**
 * Plays random scripts of commands, retries and moves of the clock on an engine and on the memory reference, and compares
 * every answer. A difference is shown as the shortest script that was found to show it.
 */
export function describeStoreModel(engine: string, open: () => Promise<StoreHarness>, search: ModelSearch = {}): void {
  describe(`store model: ${engine}`, () => {
    let harness: StoreHarness;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(() => harness.close());

    const runs = fromEnvironment('MODEL_RUNS') ?? search.runs ?? defaultRuns;
    const seed = fromEnvironment('MODEL_SEED') ?? search.seed;
    // oxlint-disable-next-line vitest/expect-expect -- a difference is thrown as it is to be read
    it(
      `answers ${runs} random scripts as the reference does`,
      async () => {
        const difference = await findDifference(harness, { runs, seed });
        if (difference !== undefined) throw new Error(difference);
      },
      maxSearchMs + runs * 1000,
    );
  });
}

/** What an engine answers differently from the reference, for a person to read; undefined when nothing was found. */
export async function findDifference(harness: StoreHarness, { runs, seed }: ModelSearch): Promise<string | undefined> {
  let shortest: readonly PlayedStep[] = [];
  const property = fc.asyncProperty(fc.limitShrink(arbitraryScript, maxShrinks), async (script: Script) => {
    const played = await playScript(script, harness);
    const isSame = played.every((step) => step.isSame);
    // Every script that fails from here on is a shorter form of one that failed before.
    if (!isSame) shortest = played;
    return isSame;
  });
  const details = await fc.check(property, {
    numRuns: runs ?? defaultRuns,
    ...(seed !== undefined && { seed }),
    plugins: [
      // The long scripts are those that get somewhere.
      fc.unbiased(),
      fc.interruptAfterTimeLimit(maxSearchMs + (runs ?? defaultRuns) * 500),
    ],
  });
  return details.failed ? describeDifference(shortest, details.seed) : undefined;
}

function describeDifference(played: readonly PlayedStep[], seed: number): string {
  const last = played.at(-1);
  return [
    `An answer differs from the reference's. MODEL_SEED=${seed} finds it again. The script:`,
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

function fromEnvironment(name: string): number | undefined {
  const value = process.env[name];
  return value === undefined || value === '' ? undefined : Number(value);
}
