import { expect, it } from 'vitest';
import { createSlidingWindow } from './sliding-window.js';

it('has no share without events', () => {
  const window = createSlidingWindow(300_000, () => 0);
  expect(window.share()).toBeUndefined();
});

it('returns the share of the events within the window', () => {
  let nowMs = 1234;
  const window = createSlidingWindow(300_000, () => nowMs);
  for (const isCounted of [true, false, false, false]) window.add(isCounted);
  expect(window.share()).toBe(1 / 4);

  nowMs += 200_000;
  window.add(true);
  expect(window.share()).toBe(2 / 5);

  // The first four have left it, the fifth has not.
  nowMs += 100_001;
  window.add(false);
  expect(window.share()).toBe(1 / 2);
});

it('forgets everything after a pause of any length', () => {
  for (const pauseMs of [300_000, 305_000, 86_400_000]) {
    let nowMs = 0;
    const window = createSlidingWindow(300_000, () => nowMs);
    for (nowMs = 0; nowMs < 300_000; nowMs += 5000) window.add(true);
    nowMs += pauseMs;
    expect(window.share(), `${pauseMs} ms`).toBeUndefined();
    window.add(false);
    expect(window.share()).toBe(0);
  }
});
