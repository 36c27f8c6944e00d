import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { arrivalsOf, type Arrival } from './arrivals.js';
import { reasonsToVoid } from '../report/judge.js';
import { driveOpenLoop } from './open-loop.js';
import { createRecorder } from './recorder.js';

const { signal } = new AbortController();
const everyMs = (ms: number, count: number): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * ms, isWarmup: false }));

it('starts what is due, whether or not earlier arrivals are answered', async () => {
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

it('never starts an arrival early, and passes its intended time', async () => {
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

it('resolves after the last answer', async () => {
  let answered = 0;
  const start = async (): Promise<void> => {
    await setTimeout(30);
    answered += 1;
  };
  await driveOpenLoop({ arrivals: everyMs(1, 5), signal, start });
  expect(answered).toBe(5);
});

it('reads answers even if it is always late', async () => {
  let [inFlight, most] = [0, 0];
  await driveOpenLoop({
    arrivals: everyMs(0, 500),
    signal,
    start: async () => {
      inFlight += 1;
      most = Math.max(most, inFlight);
      await setImmediate();
      inFlight -= 1;
    },
  });
  expect(most).toBeLessThan(100);
});

it('stops if the signal fires, and if too much is unanswered', async () => {
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

it('is void if the event loop of the driver is blocked', async () => {
  const recorder = createRecorder();
  let isFirst = true;
  await driveOpenLoop({
    arrivals: arrivalsOf([{ durationSeconds: 0.3, fromRate: 100, toRate: 100, isWarmup: false }]),
    signal,
    start: async (_, intendedMs) => {
      const sentMs = performance.now();
      recorder.recordSendLag(sentMs - intendedMs);
      const endMs = performance.now();
      recorder.record({ tool: 'x', intendedMs, sentMs, endMs, errorCode: undefined });
      if (isFirst) block(100);
      isFirst = false;
    },
  });
  const { sendLag, tools } = recorder.summary();
  expect(sendLag?.max).toBeGreaterThan(80);
  // The latency includes what callers would have waited, though every answer was instant.
  expect(tools[0]?.fromStart?.max).toBeGreaterThan(80);
  expect(reasonsToVoid(recorder.summary(), 0)).toEqual([expect.stringContaining('calls were sent late')]);
});

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}
