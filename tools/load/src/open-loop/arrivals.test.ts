import { expect, it } from 'vitest';
import { arrivalsOf } from './arrivals.js';
import type { Phase } from '../scenario/scenario.js';

const phase = (fromRate: number, toRate: number, durationSeconds: number, isWarmup = false): Phase => ({
  durationSeconds,
  fromRate,
  toRate,
  isWarmup,
});

it('come evenly at a constant rate', () => {
  const arrivals = [...arrivalsOf([phase(4, 4, 1)])];
  expect(arrivals.map(({ atMs }) => atMs)).toEqual([0, 250, 500, 750]);
});

it('come closer together as the rate grows, and are as many as its average says', () => {
  const arrivals = [...arrivalsOf([phase(1, 100, 10)])].map(({ atMs }) => atMs);
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
  const arrivals = [...arrivalsOf(phases)];
  expect(arrivals).toEqual([
    { atMs: 0, isWarmup: true },
    { atMs: 500, isWarmup: true },
    { atMs: 2000, isWarmup: false },
    { atMs: 2250, isWarmup: false },
  ]);
});
