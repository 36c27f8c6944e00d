import { setTimeout } from 'node:timers/promises';
import { MissingService } from '@org/measure/run-command';
import { describe, expect, it } from 'vitest';
import { otherWork } from './closed-loop.js';
import { inOrderOf, leastRounds, measureSubject, type SideReport } from './measure-subject.js';
import type { Bar, Row, Subject } from './row.js';

const options = {
  effort: { rounds: 5, warmupMs: 0, measureMs: 0, isQuick: false },
  signal: new AbortController().signal,
  progress: () => undefined,
};

const subjectOf = (...rows: Row[]): Subject => ({
  name: 'subject',
  title: 'A subject',
  open: async () => ({ rows, settings: {} }),
});

/** The library's rate in each round. That of the limit is always 100. */
function rateRow(rates: readonly number[], bar: Bar = { atLeast: 1 }): Row {
  const left = [...rates];
  return {
    name: 'row',
    ours: { name: 'library', measure: async () => ({ 'calls/s': left.shift() ?? NaN }) },
    limit: { name: 'limit', measure: async () => ({ 'calls/s': 100 }) },
    bar,
  };
}

const limitOf = async (row: Row, effort: Partial<typeof options.effort> = {}): Promise<SideReport | undefined> =>
  (await measureSubject(subjectOf(row), { ...options, effort: { ...options.effort, ...effort } })).rows[0]?.sides[1];

describe('a verdict', () => {
  it('goes by the median of the ratios within the rounds', async () => {
    expect(await limitOf(rateRow([10, 100, 900, 110, 90]))).toMatchObject({
      ratio: { median: 1, min: 0.1, max: 9 },
      verdict: 'holds',
    });
  });

  it.each([
    ['holds', { atMost: 0.99 }],
    ['does not hold', { atMost: 0.98 }],
    ['holds', { atLeast: 0.99 }],
    ['does not hold', { atLeast: 1 }],
  ])('says "%s" of 0.99 against %o', async (verdict, bar) => {
    expect((await limitOf(rateRow([99, 99, 99, 99, 99], bar)))?.verdict).toBe(verdict);
  });

  it('does not hold if a figure is unknown', async () => {
    expect((await limitOf(rateRow([])))?.verdict).toBe('does not hold');
  });

  it('is not given after fewer than five rounds, nor after quick ones', async () => {
    expect((await limitOf(rateRow([900, 900, 900, 900]), { rounds: 4 }))?.verdict).toBe('not judged');
    expect((await limitOf(rateRow([900, 900, 900, 900, 900]), { isQuick: true }))?.verdict).toBe('not judged');
  });
});

it('times the calls of all sides in turn, without what prepares them and without a tenth before', async () => {
  const turns: string[] = [];
  let isFirst = true;
  const row: Row = {
    name: 'row',
    calls: 1,
    ours: {
      name: 'ours',
      prepare: () => setTimeout(200),
      call: async () => {
        turns.push('ours');
        if (isFirst) await setTimeout(200);
        isFirst = false;
      },
    },
    limit: { name: 'limit', call: async () => turns.push('limit') },
  };
  const effort = { ...options.effort, rounds: 1 };
  const [report] = (await measureSubject(subjectOf(row), { ...options, effort })).rows;
  expect(turns).toEqual(['ours', 'limit', 'limit', 'ours']);
  expect(report?.sides[0]?.figures['p95 ms']?.median).toBeLessThan(200);
  expect(report?.sides[1]?.ratio?.median).toBeGreaterThan(0);
});

it.each([2, 3])('lets each of %i sides come first, and after each other one, equally often', (count) => {
  const sides = Array.from({ length: count }, (_, index) => index);
  const orders = Array.from({ length: 2 * count }, (_, round) => inOrderOf(round, sides));
  for (const side of sides) {
    expect(orders.filter(([first]) => first === side)).toHaveLength(2);
    const before = orders.flatMap((order) => order[order.indexOf(side) - 1] ?? []);
    for (const other of sides.filter((each) => each !== side)) {
      expect(before.filter((each) => each === other)).toHaveLength(2);
    }
  }
  expect(new Set(orders.slice(0, leastRounds).map(([first]) => first)).size).toBe(count);
});

it('stops if the run is stopped', async () => {
  const stop = new AbortController();
  const row: Row = {
    name: 'row',
    ours: { name: 'ours', measure: async () => (stop.abort(new Error('stopped')), {}) },
    limit: { name: 'limit', measure: () => Promise.reject(new Error('measured after the stop')) },
  };
  await expect(measureSubject(subjectOf(row), { ...options, signal: stop.signal })).rejects.toThrow('stopped');
});

it('says that a subject was disturbed, by the side that was disturbed most', async () => {
  const disturbanceAt = async (share: number): Promise<string | undefined> => {
    const limit = { name: 'limit', measure: async () => ({ [otherWork]: share }) };
    const row: Row = { name: 'row', ours: { name: 'ours', measure: async () => ({}) }, limit };
    return (await measureSubject(subjectOf(row), options)).disturbance;
  };
  expect(await disturbanceAt(14)).toBeUndefined();
  expect(await disturbanceAt(41)).toContain('used 41 % of the CPU');
});

describe('what a subject opens', () => {
  const failing = (error: Error, removed: string[]): Subject => ({
    ...subjectOf(),
    open: async ({ resources }) => {
      for (const name of ['database', 'connection']) resources.defer(() => void removed.push(name));
      throw error;
    },
  });

  it('is removed in reverse order if it fails', async () => {
    const removed: string[] = [];
    await expect(measureSubject(failing(new Error('broken'), removed), options)).rejects.toThrow('broken');
    expect(removed).toEqual(['connection', 'database']);
  });

  it('is removed if a service is missing, which is reported', async () => {
    const removed: string[] = [];
    const report = await measureSubject(failing(new MissingService('a PostgreSQL server'), removed), options);
    expect(report.missing).toBe('a PostgreSQL server');
    expect(removed).toEqual(['connection', 'database']);
  });
});
