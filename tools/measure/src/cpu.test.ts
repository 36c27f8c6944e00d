import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { cpuBetween, describeDisturbance, lookAgain, lookAtCpu, type CpuLook } from './cpu.js';

const look = (atMs: number, processes: Readonly<Record<number, number>>, machineUs: number): CpuLook => ({
  atMs,
  parts: new Map([['server', new Map(Object.entries(processes).map(([pid, us]) => [Number(pid), us]))]]),
  machineUs,
  stolenUs: 0,
});

it('counts processes that came later, and leaves the rest to others', () => {
  const usage = cpuBetween(look(0, { 7: 1000 }, 0), look(10, { 7: 5000, 8: 2000 }, 8000));
  expect(usage.parts['server']).toBeCloseTo(0.6);
  expect(usage.others).toBeCloseTo(0.2);
});

it('leaves out a part without a process on this machine', () => {
  expect(cpuBetween(look(0, {}, 0), look(10, {}, 8000))).toMatchObject({ parts: {}, others: 0.8 });
});

it.runIf(process.platform === 'linux')('sees this process work', () => {
  const parts = { driver: () => [process.pid] };
  const before = lookAtCpu(parts);
  const startUs = process.cpuUsage().user;
  while (process.cpuUsage().user - startUs < 50_000);
  const after = lookAgain(before);
  const usedMs = (cpuBetween(before, after).parts['driver'] ?? NaN) * (after.atMs - before.atMs);
  expect(usedMs).toBeGreaterThan(40);
});

describe('a disturbance', () => {
  const shareOf = (share: number): number => share * availableParallelism();

  it('is what other processes and the host took together', () => {
    expect(describeDisturbance({ others: shareOf(0.1), stolen: shareOf(0.04) })).toBeUndefined();
    expect(describeDisturbance({ others: shareOf(0.01), stolen: shareOf(0.4) })).toContain(
      'other processes used 1 % of the CPU, and the host of the machine took 40 %',
    );
  });

  it('is not seen where nothing is', () => {
    expect(describeDisturbance({ others: NaN, stolen: NaN })).toBeUndefined();
  });
});
