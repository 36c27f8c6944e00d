import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createSettler, type Settler } from './settler.js';

describe('a settler', () => {
  let settler: Settler;
  /** What it ran, in order. */
  let ran: (string | readonly number[])[];
  /** How many more transactions a namespace needs. */
  let left: Map<string, number>;
  let fails: boolean;

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    [ran, left, fails] = [[], new Map(), false];
    settler = createSettler({
      settleLeases: async (namespace) => {
        ran.push(namespace);
        if (fails) throw new Error('the disk is full');
        left.set(namespace, (left.get(namespace) ?? 1) - 1);
        return (left.get(namespace) ?? 0) > 0;
      },
      expireOffers: (handoffRowIds) => void ran.push(handoffRowIds),
    });
  });
  afterEach(() => vi.useRealTimers());

  async function settled(): Promise<void> {
    for (let turns = 0; turns < 20; turns += 1) await setImmediate();
  }

  it('runs nothing before the read is answered, and once for any number of reads', async () => {
    for (let reads = 0; reads < 100; reads += 1) settler.notice({ namespace: 'a' });
    await Promise.resolve();
    expect(ran).toEqual([]);
    await settled();
    expect(ran).toEqual(['a']);
  });

  it('takes turns between namespaces, until nothing is left', async () => {
    left = new Map([
      ['a', 3],
      ['b', 2],
    ]);
    settler.notice({ namespace: 'a', expired: [1, 2] });
    settler.notice({ namespace: 'b', expired: [2, 3] });
    await settled();
    expect(ran).toEqual(['a', 'b', 'a', 'b', 'a', [1, 2, 3]]);
  });

  it('pauses after a failure, however many reads go on, and longer after each', async () => {
    fails = true;
    const failures: number[] = [];
    for (let tenths = 0; tenths < 100; tenths += 1) {
      settler.notice({ namespace: 'a' });
      await settled();
      if (ran.length > failures.length) failures.push(tenths);
      vi.advanceTimersByTime(100);
    }
    expect(failures).toEqual([0, 3, 8, 18, 38, 78]);
    fails = false;
    vi.advanceTimersByTime(30_000);
    settler.notice({ namespace: 'a' });
    settler.notice({ namespace: 'b' });
    await settled();
    expect(ran.slice(failures.length)).toEqual(['a', 'b']);
  });

  it('starts nothing once it is closed', async () => {
    left = new Map([['a', 1000]]);
    settler.notice({ namespace: 'a' });
    await setImmediate();
    await settler.close();
    const runs = ran.length;
    settler.notice({ namespace: 'b' });
    await settled();
    expect(ran).toHaveLength(runs);
  });
});
