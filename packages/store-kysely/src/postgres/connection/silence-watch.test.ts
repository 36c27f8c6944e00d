import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createSilenceWatch } from './silence-watch.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

it('calls each wait that is not ended after the limit, counted from its own beginning', () => {
  const silent: string[] = [];
  const watch = createSilenceWatch(1000);
  watch.begin(() => silent.push('first'));
  const endSecond = watch.begin(() => silent.push('second'));
  vi.advanceTimersByTime(600);
  watch.begin(() => silent.push('third'));
  endSecond();
  vi.advanceTimersByTime(399);
  expect(silent).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(silent).toEqual(['first']);
  vi.advanceTimersByTime(599);
  expect(silent).toEqual(['first']);
  vi.advanceTimersByTime(1);
  expect(silent).toEqual(['first', 'third']);
});

it('goes on after a time without waits', () => {
  const silent: string[] = [];
  const watch = createSilenceWatch(1000);
  watch.begin(() => silent.push('ended'))();
  vi.advanceTimersByTime(5000);
  expect(vi.getTimerCount()).toBe(0);
  watch.begin(() => silent.push('later'));
  vi.advanceTimersByTime(1000);
  expect(silent).toEqual(['later']);
});

it('sets one timer for any number of waits', () => {
  const watch = createSilenceWatch(1000);
  for (let count = 0; count < 100; count += 1) watch.begin(() => undefined);
  expect(vi.getTimerCount()).toBe(1);
});
