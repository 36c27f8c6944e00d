import { availableParallelism } from 'node:os';
import { expect, it } from 'vitest';
import { cpuBetween, describeDisturbance, foreignShare, lookAgain, lookAtCpu, type CpuLook } from './cpu.js';

const look = (atMs: number, processes: Readonly<Record<number, number>>, machine: number): CpuLook => ({
  atMs,
  parts: new Map([['server', new Map(Object.entries(processes).map(([pid, seconds]) => [Number(pid), seconds]))]]),
  machine,
  stolen: 0,
});

it('counts processes that came later, not those that ended, and leaves the rest to others', () => {
  const usage = cpuBetween(look(0, { 7: 1, 9: 4 }, 0), look(10_000, { 7: 5, 8: 2, 9: 0 }, 8));
  expect(usage.parts['server']).toBeCloseTo(0.6);
  expect(usage.others).toBeCloseTo(0.2);
});

it('leaves out a part without a process on this machine', () => {
  expect(cpuBetween(look(0, {}, 0), look(10_000, {}, 8))).toMatchObject({ parts: {}, others: 0.8 });
});

it.runIf(process.platform === 'linux')('sees this process work', () => {
  const parts = { driver: () => [process.pid] };
  const before = lookAtCpu(parts);
  const startUs = process.cpuUsage().user;
  while (process.cpuUsage().user - startUs < 100_000);
  const after = lookAgain(before);
  const usedMs = (cpuBetween(before, after).parts['driver'] ?? NaN) * (after.atMs - before.atMs);
  expect(usedMs).toBeGreaterThan(80);
});

it('calls a machine disturbed if others took more than 15 % of its CPU, and says nothing of what is unknown', () => {
  const others = 0.1 * availableParallelism();
  const shares = [0.04, 0.06, NaN].map((stolen) => foreignShare({ others, stolen: stolen * availableParallelism() }));
  expect(shares.map(describeDisturbance)).toEqual([undefined, expect.stringContaining('used 16 % of'), undefined]);
});
