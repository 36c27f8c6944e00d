import { expect, it } from 'vitest';
import { arrivalsOf } from './arrivals.js';
import type { Phase } from './scenario.js';

const phase = (fromRate: number, toRate: number, durationSeconds: number, isWarmup = false): Phase => ({
  durationSeconds,
  fromRate,
  toRate,
  isWarmup,
});

it('come evenly at a rate that stays', () => {
  const arrivals = [...arrivalsOf({ phases: [phase(4, 4, 1)], spread: 'evenly' })];
  expect(arrivals.map(({ atMs }) => atMs)).toEqual([0, 250, 500, 750]);
});

it('come closer together as the rate grows, and are as many as its average says', () => {
  const arrivals = [...arrivalsOf({ phases: [phase(1, 100, 10)], spread: 'evenly' })].map(({ atMs }) => atMs);
  expect(arrivals).toHaveLength(505);
  expect(arrivals.at(-1)).toBeLessThan(10_000);
  // Rates by the gaps on either side of the beginning, the middle and the end.
  const rateAt = (index: number): number => 1000 / ((arrivals[index + 1] ?? NaN) - (arrivals[index] ?? NaN));
  expect(rateAt(503)).toBeCloseTo(100, 0);
  const middle = arrivals.findIndex((atMs) => atMs >= 5000);
  expect(rateAt(middle)).toBeCloseTo(51, 0);
  expect(arrivals[1]).toBeLessThan(1000);
});

it('follow the phases one after the other', () => {
  const phases = [phase(2, 2, 1, true), phase(0, 0, 1), phase(4, 4, 0.5)];
  const arrivals = [...arrivalsOf({ phases, spread: 'evenly' })];
  expect(arrivals).toEqual([
    { atMs: 0, isWarmup: true },
    { atMs: 500, isWarmup: true },
    { atMs: 2000, isWarmup: false },
    { atMs: 2250, isWarmup: false },
  ]);
});

it('come by chance, with gaps as of independent agents', () => {
  const arrivals = [...arrivalsOf({ phases: [phase(100, 100, 200)], spread: 'by chance' })].map(({ atMs }) => atMs);
  // 20,000 on average, with a deviation of 141: a tenth of it off is beyond all chance.
  expect(arrivals.length).toBeGreaterThan(18_000);
  expect(arrivals.length).toBeLessThan(22_000);
  // A gap as long as the average or longer comes with a probability of 1/e, where even ones would all be that long.
  const gaps = arrivals.slice(1).map((atMs, index) => atMs - (arrivals[index] ?? NaN));
  const longShare = gaps.filter((gap) => gap >= 10).length / gaps.length;
  expect(longShare).toBeGreaterThan(0.34);
  expect(longShare).toBeLessThan(0.4);
});
