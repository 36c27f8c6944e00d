import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { arrivalsOf, type Arrival } from './arrivals.js';
import { reasonsToVoid } from './judge.js';
import { driveOpenLoop } from './open-loop.js';
import { createRecorder } from './recorder.js';

const { signal } = new AbortController();
const everyMs = (ms: number, count: number): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * ms, isWarmup: false }));

it('starts what is due, whether or not what came before is answered', async () => {
  const answer = Promise.withResolvers<void>();
  let started = 0;
  await driveOpenLoop({
    arrivals: everyMs(1, 50),
    signal,
    start: () => {
      started += 1;
      // Nothing is answered before all were started.
      if (started === 50) answer.resolve();
      return answer.promise;
    },
  });
  expect(started).toBe(50);
});

it('never starts anything before its time, and says when that was', async () => {
  const startMs = performance.now();
  const intended: number[] = [];
  const early: number[] = [];
  await driveOpenLoop({
    arrivals: everyMs(10, 10),
    signal,
    start: async (_, intendedMs) => {
      intended.push(intendedMs);
      if (performance.now() < intendedMs) early.push(intendedMs);
    },
  });
  expect(early).toEqual([]);
  expect(intended[0]).toBeGreaterThanOrEqual(startMs);
  expect(intended.map((ms) => Math.round(ms - (intended[0] ?? NaN)))).toEqual(everyMs(10, 10).map(({ atMs }) => atMs));
});

it('resolves when the last answer is there', async () => {
  let answered = 0;
  const start = async (): Promise<void> => {
    await setTimeout(30);
    answered += 1;
  };
  await driveOpenLoop({ arrivals: everyMs(1, 5), signal, start });
  expect(answered).toBe(5);
});

it('reads answers even when it is always late', async () => {
  const inFlight: number[] = [];
  await driveOpenLoop({
    arrivals: everyMs(0, 500),
    signal,
    onInFlight: (count) => inFlight.push(count),
    start: () => new Promise((resolve) => setImmediate(resolve)),
  });
  expect(Math.max(...inFlight)).toBeLessThan(100);
});

it('stops when it is told to, and when too much is unanswered', async () => {
  const stop = new AbortController();
  let started = 0;
  const start = async (): Promise<void> => {
    started += 1;
    if (started === 3) stop.abort();
  };
  await driveOpenLoop({ arrivals: everyMs(60_000 / 1000, 1000), signal: stop.signal, start });
  expect(started).toBe(3);

  let unanswered = 0;
  await driveOpenLoop({
    arrivals: everyMs(0, 1000),
    signal,
    isTooMany: (count) => count > 10,
    start: () => {
      unanswered += 1;
      return setTimeout(200);
    },
  });
  expect(unanswered).toBe(11);
});

it('is void when the driver’s event loop is blocked', async () => {
  const recorder = createRecorder();
  let isFirst = true;
  await driveOpenLoop({
    arrivals: arrivalsOf({
      phases: [{ durationSeconds: 0.3, fromRate: 100, toRate: 100, isWarmup: false }],
      spread: 'evenly',
    }),
    signal,
    start: async (_, intendedMs) => {
      const sentMs = performance.now();
      recorder.recordSendLag(sentMs - intendedMs);
      const endMs = performance.now();
      recorder.record({ tool: 'x', intendedMs, sentMs, endMs, errorCode: undefined }, { isWarmup: false });
      if (isFirst) block(100);
      isFirst = false;
    },
  });
  const { sendLag, tools } = recorder.summary();
  expect(sendLag?.max).toBeGreaterThan(80);
  // What callers would have waited is in the latency, though every answer was instant.
  expect(tools[0]?.fromStart?.max).toBeGreaterThan(80);
  expect(reasonsToVoid(recorder.summary(), 0)).toEqual([expect.stringContaining('calls were sent late')]);
});

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
