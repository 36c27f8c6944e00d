import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playSeeds, runsOf, type SeededRun, type SeededSearch } from '@org/domain/testing';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env, FuzzTarget } from './fuzz-target.js';
import { HeapGauge } from './heap-gauge.js';
import { HttpTarget } from './http-target.js';
import { StdioTarget } from './stdio-target.js';

/** An epoch beyond 32 bits, in `updateContext` on PostgreSQL. */
const failedBefore: readonly SeededRun[] = [{ seed: 752_798_304, runs: 5277 }];

/** The heap is measured so often, after a full collection each time. */
const measurements = 60;
/** Less than the least that could be kept of a call: its request and its headers, or an answer. */
const growthBytesPerCase = 512;
/** Of all cases: some are to be refused at the door, but not so many that what lies behind is not tried. */
const leastShareReachingTools = 0.06;

export interface FuzzingOptions {
  readonly databaseUrl: (folder: string) => string;
  /** From 1,000 on there are enough for a trend of the heap. FUZZ_RUNS stands in for it, and FUZZ_SEED repeats a run. */
  readonly cases: number;
}

export function describeFuzzing(title: string, { databaseUrl, cases }: FuzzingOptions): void {
  const search: SeededSearch = { variables: 'FUZZ', runs: cases, failedBefore };
  const itSurvives = <Case>(name: string, start: (env: Env) => Promise<FuzzTarget<Case>>): void => {
    const timeout = (failedBefore.length + 1) * (60_000 + runsOf(search) * 200);
    const survive = async ({ seed, runs }: SeededRun): Promise<void> => {
      const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const gauge = await HeapGauge.open(folder);
      onTestFinished(() => gauge.close());
      const isLong = runs >= 1000;
      // A cache that fills is no leak: a short run has it, and a long one does without.
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
    it(`${name} answers whatever it is sent, and lives`, { timeout }, () => playSeeds(search, survive));
  };

  describe(title, () => {
    itSurvives('mcp-http', (env) => HttpTarget.start(env));
    itSurvives('mcp-stdio, legacy', (env) => StdioTarget.start('legacy', env));
    itSurvives('mcp-stdio, modern', (env) => StdioTarget.start('modern', env));
  });
}

const inMib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);

/** By how much a series grows from one value to the next: the median over all pairs (Theil and Sen), which no outlier moves. */
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
  /** Of the cases of each kind, how many came as far as a tool. */
  readonly shares: readonly number[];
}

/** Sends all cases to one process, one after the other; a case that fails is made short on new ones. */
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
