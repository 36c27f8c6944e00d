import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { closedLoop } from './closed-loop.js';

const effort = { rounds: 1, warmupMs: 50, measureMs: 20, isQuick: true };
const { signal } = new AbortController();

it('lets every caller wait for its answer, and does not count the warm-up', async () => {
  const underWay = new Set<number>();
  const callers = new Set<number>();
  const sample = await closedLoop({ callers: 4, effort, signal }, async (caller) => {
    expect(underWay).not.toContain(caller);
    underWay.add(caller);
    await setImmediate();
    underWay.delete(caller);
    const isFirst = !callers.has(caller);
    callers.add(caller);
    return isFirst ? 1e9 : 2;
  });
  expect(callers).toEqual(new Set([0, 1, 2, 3]));
  expect(sample['calls/s']).toBeGreaterThan(0);
  expect(sample['calls/s']).toBeLessThan(1e9);
});

it('fails with the first caller that fails', async () => {
  const call = async (caller: number): Promise<void> => {
    await setImmediate();
    if (caller === 1) throw new Error('refused');
  };
  await expect(closedLoop({ callers: 2, effort, signal }, call)).rejects.toThrow('refused');
});

it('ends at once if the run is stopped', async () => {
  const stop = new AbortController();
  const endless = { ...effort, warmupMs: 0, measureMs: 3_600_000 };
  const loop = closedLoop({ callers: 2, effort: endless, signal: stop.signal }, async () => {
    await setTimeout(5);
    stop.abort(new Error('stopped'));
  });
  await expect(loop).rejects.toThrow('stopped');
});

it('waits for one answer per caller, however short the measurement is', async () => {
  const noTime = { ...effort, warmupMs: 0, measureMs: 0 };
  const sample = await closedLoop({ callers: 3, effort: noTime, signal }, (caller) => setTimeout(20 * (1 + caller)));
  expect(sample['p95 ms']).toBeGreaterThan(20);
});
