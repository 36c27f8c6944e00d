import { expect, it } from 'vitest';
import { judgeFlatness } from './flatness.js';

const mib = 1024 ** 2;
/** 60 looks at a heap of 20 MiB that settles, varies by half a MiB, and leaks a number of bytes per call. */
const heap = (leakPerCall: number): [number, number][] =>
  Array.from({ length: 60 }, (_, index) => {
    const calls = index * 20_000;
    const settling = index < 6 ? -8 * mib : 0;
    return [calls, 20 * mib + settling + (index % 2) * 0.5 * mib + leakPerCall * calls];
  });

it('is flat while it varies', () => {
  expect(judgeFlatness(heap(0)).isFlat).toBe(true);
});

it('is not flat if every call leaks two bytes', () => {
  const { isFlat, growthBytes } = judgeFlatness(heap(2));
  expect(isFlat).toBe(false);
  // Over the 47 last stretches.
  expect(growthBytes / mib).toBeCloseTo((2 * 47 * 20_000) / mib, 0);
});

it('may shrink', () => {
  expect(judgeFlatness(heap(-2)).isFlat).toBe(true);
});
