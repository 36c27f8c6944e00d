import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { closedLoop } from './closed-loop.js';

const effort = { rounds: 1, warmupMs: 5, measureMs: 20, isQuick: true };
const { signal } = new AbortController();

it('lets every caller wait for its answer, and counts operations after the warm-up only', async () => {
  const underWay = new Map<number, number>();
  let warmupCalls = 0;
  let calls = 0;
  const call = async (caller: number): Promise<number> => {
    underWay.set(caller, (underWay.get(caller) ?? 0) + 1);
    expect(underWay.get(caller)).toBe(1);
    await setImmediate();
    underWay.set(caller, 0);
    calls += 1;
    return 2;
  };
  const onMeasure = (): void => {
    warmupCalls = calls;
  };
  const sample = await closedLoop({ callers: 4, effort, signal, onMeasure }, call);

  expect([...underWay.keys()]).toEqual([0, 1, 2, 3]);
  expect(warmupCalls).toBeGreaterThan(0);
  expect(sample.calls).toBeGreaterThan(0);
  // The last call of each caller ends after the measurement.
  const uncounted = 2 * (calls - warmupCalls) - sample.calls;
  expect(uncounted).toBeGreaterThanOrEqual(0);
  expect(uncounted).toBeLessThanOrEqual(2 * 4);
});

it('fails with the first caller that fails', async () => {
  const call = async (caller: number): Promise<number> => {
    await setImmediate();
    if (caller === 1) throw new Error('refused');
    return 1;
  };
  await expect(closedLoop({ callers: 2, effort, signal }, call)).rejects.toThrow('refused');
});

it('ends at once if the run is stopped', async () => {
  const stop = new AbortController();
  const endless = { ...effort, measureMs: 3_600_000 };
  const onMeasure = (): void => stop.abort(new Error('stopped'));
  const loop = closedLoop({ callers: 2, effort: endless, signal: stop.signal, onMeasure }, async () => {
    await setImmediate();
    return 1;
  });
  await expect(loop).rejects.toThrow('stopped');
});

it('waits for one answer per caller, however short the measurement is', async () => {
  const noTime = { ...effort, warmupMs: 0, measureMs: 0 };
  const call = async (caller: number): Promise<number> => {
    await setTimeout(20 * (1 + caller));
    return 1;
  };
  expect((await closedLoop({ callers: 1, effort: noTime, signal }, call)).calls).toBe(1);
  expect((await closedLoop({ callers: 3, effort: noTime, signal }, call)).calls).toBeGreaterThanOrEqual(3);
});
