import { MissingService } from '@org/measure/run-command';
import { describe, expect, it } from 'vitest';
import { hostShare, othersShare } from './closed-loop.js';
import { measureRow } from './measure-row.js';
import { rateAgainst, type OpenRow, type Row } from './row.js';

const options = {
  effort: { rounds: 5, warmupMs: 0, measureMs: 0, isQuick: false },
  signal: new AbortController().signal,
  progress: () => undefined,
  isProfiling: false,
};

/** The library's rate in each round. That of the limit is always 100. */
const rowOf = (rates: readonly number[], open: Partial<OpenRow> = {}): Row => ({
  name: 'row',
  title: 'A row',
  open: async () => ({
    measureRound: async (round) =>
      new Map([
        ['library', { callsPerSecond: rates[round] }],
        ['limit', { callsPerSecond: 100, facts: { batch: round } }],
      ]),
    comparisons: [rateAgainst('library', 'limit', { atLeast: 1 })],
    settings: {},
    ...open,
  }),
});

describe('a verdict', () => {
  it('goes by the median of the ratios within the rounds', async () => {
    const { comparisons, variants } = await measureRow(rowOf([10, 100, 900, 110, 90]), options);
    expect(comparisons).toEqual([
      { name: 'library / limit', value: { median: 1, min: 0.1, max: 9 }, bar: { atLeast: 1 }, verdict: 'holds' },
    ]);
    expect(variants[1]?.facts).toEqual({ batch: { median: 2, min: 0, max: 4 } });
  });

  it.each([
    ['holds', { atMost: 0.99 }],
    ['does not hold', { atMost: 0.98 }],
    ['holds', { atLeast: 0.99 }],
    ['does not hold', { atLeast: 1 }],
  ])('says "%s" of 0.99 against %o', async (verdict, bar) => {
    const comparisons = [{ name: 'ratio', value: () => 0.99, bar }];
    const report = await measureRow(rowOf([99, 99, 99, 99, 99], { comparisons }), options);
    expect(report.comparisons[0]?.verdict).toBe(verdict);
  });

  it('does not hold if a figure is absent', async () => {
    const comparisons = [{ name: 'ratio', value: () => NaN, bar: { atMost: 1 } }];
    const report = await measureRow(rowOf([1, 1, 1, 1, 1], { comparisons }), options);
    expect(report.comparisons[0]?.verdict).toBe('does not hold');
  });

  it('is not given after fewer than five rounds, nor after quick ones', async () => {
    const row = rowOf([900, 900, 900, 900, 900]);
    const few = await measureRow(row, { ...options, effort: { ...options.effort, rounds: 4 } });
    const quick = await measureRow(row, { ...options, effort: { ...options.effort, isQuick: true } });
    expect([few, quick].map(({ comparisons }) => comparisons[0]?.verdict)).toEqual(['not judged', 'not judged']);
  });
});

it('says that a row was disturbed, by the variant that was disturbed most', async () => {
  const reportOf = async (others: number, host: number): Promise<string | undefined> => {
    const facts = { [othersShare]: others, [hostShare]: host };
    const measureRound: OpenRow['measureRound'] = async () =>
      new Map([
        ['quiet', {}],
        ['library', { facts }],
      ]);
    return (await measureRow(rowOf([], { measureRound }), options)).disturbance;
  };
  expect(await reportOf(10, 4)).toBeUndefined();
  expect(await reportOf(1, 40)).toContain('DISTURBED: other processes used 1 % of the CPU');
});

describe('what a row opens', () => {
  const failing = (error: Error, removed: string[]): Row => ({
    name: 'row',
    title: 'A row',
    open: async ({ resources }) => {
      resources.defer(async () => {
        removed.push('database');
      });
      resources.defer(async () => {
        removed.push('connection');
      });
      throw error;
    },
  });

  it('is removed in reverse order if it fails', async () => {
    const removed: string[] = [];
    await expect(measureRow(failing(new Error('broken'), removed), options)).rejects.toThrow('broken');
    expect(removed).toEqual(['connection', 'database']);
  });

  it('is removed if a service is missing, which is reported', async () => {
    const removed: string[] = [];
    const report = await measureRow(failing(new MissingService('a PostgreSQL server'), removed), options);
    expect(report.missing).toBe('a PostgreSQL server');
    expect(removed).toEqual(['connection', 'database']);
  });
});
