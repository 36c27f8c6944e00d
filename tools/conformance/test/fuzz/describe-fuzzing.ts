import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playSeeds, runsOf, type SeededRun, type SeededSearch } from '@org/store-contract';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env, FuzzTarget } from './fuzz-target.js';
import { HeapGauge } from './heap-gauge.js';
import { HttpTarget } from './http-target.js';
import { StdioTarget } from './stdio-target.js';

/**
 * Runs that once failed at their last case. Only a search that plays as many cases repeats them.
 *
 * 5277: an epoch beyond 32 bits, in `updateContext` on PostgreSQL
 */
const failedOnce: readonly SeededRun[] = [{ seed: 752_798_304, runs: 5277 }];

/** How often the heap is measured. A full garbage collection precedes each measurement. */
const measurements = 60;
/** Less than a leak of one object per call would take: a request with its headers, or an answer. */
const growthBytesPerCase = 512;
/** The least share of cases that must reach a tool. Otherwise the search tests only the first checks. */
const leastShareReachingTools = 0.06;

export interface FuzzingOptions {
  readonly databaseUrl: (folder: string) => string;
  /** From 1,000 on there are enough for a trend of the heap. FUZZ_RUNS stands in for it, and FUZZ_SEED repeats a run. */
  readonly cases: number;
}

export function describeFuzzing(title: string, { databaseUrl, cases }: FuzzingOptions): void {
  const newSeeds: SeededSearch = { variables: 'FUZZ', runs: cases };
  const failedBefore = failedOnce.filter(({ runs }) => runs <= runsOf(newSeeds));
  const search: SeededSearch = { ...newSeeds, failedBefore };
  const itSurvives = <Case>(name: string, start: (env: Env) => Promise<FuzzTarget<Case>>): void => {
    const timeout = (failedBefore.length + 1) * (60_000 + runsOf(search) * 200);
    const survive = async ({ seed, runs }: SeededRun): Promise<void> => {
      const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const gauge = await HeapGauge.open(folder);
      onTestFinished(() => gauge.close());
      const isLong = runs >= 1000;
      // A filling cache would look like a leak, so only short runs have a cache.
      const env = { DATABASE_URL: databaseUrl(folder), ...(isLong && { CACHE_MEMORY_MIB: '0' }), ...gauge.env };
      const { heapBytes, shares } = await play(() => start(env), { gauge, seed, cases: runs });
      expect(shares).not.toEqual([]);
      expect(Math.min(...shares)).toBeGreaterThan(leastShareReachingTools);
      if (!isLong) return;
      process.stdout.write(`${name}, ${title}: MiB of heap after collections: ${heapBytes.map(inMib).join(' ')}\n`);
      const settled = heapBytes.slice(heapBytes.length / 2);
      expect((slope(settled) * measurements) / runs).toBeLessThan(growthBytesPerCase);
    };
    // oxlint-disable-next-line vitest/expect-expect -- each of its runs expects
    it(`${name} answers every input, and survives`, { timeout }, () => playSeeds(search, survive));
  };

  describe(title, () => {
    itSurvives('mcp-http', (env) => HttpTarget.start(env));
    itSurvives('mcp-stdio, legacy', (env) => StdioTarget.start('legacy', env));
    itSurvives('mcp-stdio, modern', (env) => StdioTarget.start('modern', env));
  });
}

const inMib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);

/** The growth from one value to the next: the median over all pairs (Theil-Sen), which outliers do not move. */
function slope(values: readonly number[]): number {
  const slopes = values.flatMap((from, start) =>
    values.slice(start + 1).map((to, distance) => (to - from) / (distance + 1)),
  );
  return slopes.toSorted((a, b) => a - b)[Math.floor(slopes.length / 2)] ?? 0;
}

interface PlayOptions {
  readonly gauge: HeapGauge;
  readonly seed: number;
  readonly cases: number;
}

interface Played {
  readonly heapBytes: readonly number[];
  /** For each kind of case, the share that reached a tool. */
  readonly shares: readonly number[];
}

/** Sends all cases to one process in turn. A failing case is shrunk on new processes. */
async function play<Case>(
  start: () => Promise<FuzzTarget<Case>>,
  { gauge, seed, cases }: PlayOptions,
): Promise<Played> {
  const heapBytes: number[] = [];
  let target = await start();
  let played = 0;
  const property = fc.asyncProperty(target.cases, async (sent) => {
    try {
      await target.send(sent);
    } catch (error) {
      target.kill();
      target = await start();
      throw error;
    }
    played += 1;
    if (played % Math.ceil(cases / measurements) === 0) heapBytes.push(await gauge.measureBytes());
  });
  try {
    await fc.assert(property, { numRuns: cases, seed });
    await target.stop();
  } finally {
    target.kill();
  }
  return { heapBytes, shares: target.reachedTools.shares };
}
