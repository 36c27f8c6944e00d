import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Env, FuzzTarget } from './fuzz-target.js';
import { HeapGauge } from './heap-gauge.js';
import { HttpTarget } from './http-target.js';
import { StdioTarget } from './stdio-target.js';

/** `FUZZ_CASES=20000 vitest run --project @org/conformance fuzz` is the long form; FUZZ_SEED repeats a run. */
const cases = Number(process.env['FUZZ_CASES'] ?? 300);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const isLong = process.env['FUZZ_CASES'] !== undefined;

/** The heap is measured so often, and what it holds in the last third is compared with the first. */
const measurements = 12;
/** What a cache may fill, and a compiled function takes, at any time: much less than a leak in each case would. */
const growthBytes = 4 * 1024 * 1024;

export function describeFuzzing(title: string, databaseUrl: (folder: string) => string): void {
  const itSurvives = <Case>(name: string, start: (env: Env) => Promise<FuzzTarget<Case>>): void => {
    const timeout = 60_000 + cases * 200;
    it(`${name} answers whatever it is sent, and lives (seed ${seed})`, { timeout }, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'fuzz-'));
      onTestFinished(() => rm(folder, { recursive: true }));
      const gauge = await HeapGauge.open(folder);
      onTestFinished(() => gauge.close());
      const heapBytes = await play(() => start({ DATABASE_URL: databaseUrl(folder), ...gauge.env }), gauge);
      if (!isLong) return;
      process.stdout.write(`${name}, ${title}: MiB of heap after collections: ${heapBytes.map(inMib).join(' ')}\n`);
      const third = heapBytes.length / 3;
      const [first, last] = [Math.min(...heapBytes.slice(1, third + 1)), Math.min(...heapBytes.slice(-third))];
      expect(last - first).toBeLessThan(growthBytes);
    });
  };

  describe(title, () => {
    itSurvives('mcp-http', (env) => HttpTarget.start(env));
    itSurvives('mcp-stdio, legacy', (env) => StdioTarget.start('legacy', env));
    itSurvives('mcp-stdio, modern', (env) => StdioTarget.start('modern', env));
  });
}

const inMib = (bytes: number): string => (bytes / 1024 ** 2).toFixed(1);

/** Sends all cases to one process, one after the other; a case that fails is made short on new ones. */
async function play<Case>(start: () => Promise<FuzzTarget<Case>>, gauge: HeapGauge): Promise<number[]> {
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
  return heapBytes;
}
