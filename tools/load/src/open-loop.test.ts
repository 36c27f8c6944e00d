import { setImmediate, setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { arrivalsOf, driveOpenLoop, type Arrival } from './open-loop.js';
import { createRecorder } from './recorder.js';
import { reasonsToVoid } from './report.js';

describe('arrivals', () => {
  it('follow the phases one after the other, and come evenly at a constant rate', () => {
    const phases = [
      { name: 'warm-up' as const, duration: 1, arrivalRate: 2 },
      { duration: 1, arrivalRate: 0 },
      { duration: 0.5, arrivalRate: 4 },
    ];
    expect([...arrivalsOf(phases)]).toEqual([
      { atMs: 0, isWarmup: true },
      { atMs: 500, isWarmup: true },
      { atMs: 2000, isWarmup: false },
      { atMs: 2250, isWarmup: false },
    ]);
  });

  it('come closer together as the rate grows, and are as many as its average says', () => {
    const arrivals = [...arrivalsOf([{ duration: 10, arrivalRate: 1, rampTo: 100 }])].map(({ atMs }) => atMs);
    expect(arrivals).toHaveLength(505);
    expect(arrivals.at(-1)).toBeLessThan(10_000);
    const rateAt = (index: number): number => 1000 / ((arrivals[index + 1] ?? NaN) - (arrivals[index] ?? NaN));
    expect(rateAt(503)).toBeCloseTo(100, 0);
    expect(rateAt(arrivals.findIndex((atMs) => atMs >= 5000))).toBeCloseTo(51, 0);
  });
});

const { signal } = new AbortController();
const everyMs = (ms: number, count: number): Arrival[] =>
  Array.from({ length: count }, (_, index) => ({ atMs: index * ms, isWarmup: false }));
const drive = (arrivals: Arrival[], start: (arrival: Arrival, intendedMs: number) => Promise<void>) =>
  driveOpenLoop({ arrivals, signal, maxUnanswered: 1000, start });

it('starts what is due, whether or not earlier arrivals are answered, and waits for the last answer', async () => {
  const answer = Promise.withResolvers<void>();
  let [started, answered] = [0, 0];
  const isComplete = await drive(everyMs(1, 50), async () => {
    started += 1;
    // Nothing is answered before all were started.
    if (started === 50) answer.resolve(setTimeout(30));
    await answer.promise;
    answered += 1;
  });
  expect([isComplete, answered]).toEqual([true, 50]);
});

it('never starts an arrival early, and passes its intended time', async () => {
  const startMs = performance.now();
  const intended: number[] = [];
  const early: number[] = [];
  await drive(everyMs(10, 10), async (_, intendedMs) => {
    intended.push(intendedMs);
    if (performance.now() < intendedMs) early.push(intendedMs);
  });
  expect(early).toEqual([]);
  expect(intended[0]).toBeGreaterThanOrEqual(startMs);
  expect(intended.map((ms) => Math.round(ms - (intended[0] ?? NaN)))).toEqual(everyMs(10, 10).map(({ atMs }) => atMs));
});

it('reads answers even if it is always late', async () => {
  let [unanswered, most] = [0, 0];
  await drive(everyMs(0, 500), async () => {
    unanswered += 1;
    most = Math.max(most, unanswered);
    await setImmediate();
    unanswered -= 1;
  });
  expect(most).toBeLessThan(100);
});

it('stops if the signal fires, and if too much is unanswered', async () => {
  const stop = new AbortController();
  let started = 0;
  const startThree = async (): Promise<void> => {
    started += 1;
    if (started === 3) stop.abort();
  };
  const stopping = { arrivals: everyMs(60, 1000), signal: stop.signal, maxUnanswered: 10 };
  expect(await driveOpenLoop({ ...stopping, start: startThree })).toBe(false);
  expect(started).toBe(3);

  let unanswered = 0;
  const startSlowly = (): Promise<void> => {
    unanswered += 1;
    return setTimeout(200);
  };
  const isComplete = await driveOpenLoop({ arrivals: everyMs(0, 1000), signal, maxUnanswered: 10, start: startSlowly });
  expect([isComplete, unanswered]).toEqual([false, 11]);
});

it('makes a run void if the event loop of the driver is blocked', async () => {
  const recorder = createRecorder();
  let isFirst = true;
  await drive(everyMs(10, 30), async (_, intendedMs) => {
    const sentMs = performance.now();
    recorder.recordSendLag(sentMs - intendedMs);
    recorder.record({ tool: 'x', intendedMs, sentMs, endMs: performance.now(), errorCode: undefined });
    if (!isFirst) return;
    isFirst = false;
    while (performance.now() < sentMs + 100);
  });
  const { sendLag, tools } = recorder.summary();
  expect(sendLag?.max).toBeGreaterThan(80);
  // The latency includes what callers would have waited, though every answer was instant.
  expect(tools[0]?.fromStart?.max).toBeGreaterThan(80);
  expect(reasonsToVoid(recorder.summary(), 0)).toEqual([expect.stringContaining('calls were sent late')]);
});
