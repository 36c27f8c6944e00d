import type { Percentiles } from '@org/measure/latencies';
import { describe, expect, it } from 'vitest';
import type { ClientSummary } from '../open-loop/recorder.js';
import { figuresOf, judge, medianFigures, noneFails, reasonsToVoid } from './judge.js';

const percentiles = (ms: number): Percentiles => ({ p50: ms, p95: ms, p99: ms, max: ms });
const client = (values: Partial<ClientSummary> = {}): ClientSummary => ({
  tools: [
    { tool: 'getContext', calls: 1000, errors: 0, fromStart: percentiles(4), fromSend: percentiles(3) },
    { tool: 'updateContext', calls: 1000, errors: 0, fromStart: percentiles(9), fromSend: percentiles(8) },
  ],
  calls: 2000,
  errorCodes: {},
  sendLag: percentiles(1),
  ...values,
});

describe('a run is void', () => {
  it('not if its driver was in time and had little to do', () => {
    expect(reasonsToVoid(client({ sendLag: percentiles(5) }), 0.6)).toEqual([]);
  });

  it.each([
    ['calls were sent late', client({ sendLag: percentiles(5.1) }), 0.1],
    ['of a core', client(), 0.61],
    ['nothing was answered', client({ calls: 0 }), 0.1],
  ])('if %s', (reason, summary, cores) => {
    expect(reasonsToVoid(summary, cores)).toEqual([expect.stringContaining(reason)]);
  });
});

describe('bars', () => {
  const bars = { p95Ms: 10, errorShare: 0.001, cpuShare: 0.7, memoryShare: 0.8 };
  const figures = { p95Ms: 10, errorShare: 0.001, cpuShare: 0.69, memoryShare: 0.79 };
  const holds = (changed: Partial<typeof figures>): (boolean | undefined)[] =>
    judge({ ...figures, ...changed }, bars).map((verdict) => verdict.holds);

  it('hold up to their value', () => {
    expect(holds({})).toEqual([true, true, true, true]);
  });

  it('do not hold beyond it', () => {
    expect(holds({ p95Ms: 10.1 })).toEqual([false, true, true, true]);
    expect(holds({ errorShare: 0.0011 })).toEqual([true, false, true, true]);
    expect(holds({ cpuShare: 0.7, memoryShare: 0.8 })).toEqual([true, true, false, false]);
  });

  it('are for the slowest tool, from the intended start, and for errors of all calls', () => {
    const found = figuresOf(client({ errorCodes: { OVERLOADED: 3, 'HTTP 503': 1 } }), { cpuShare: 0.5 });
    expect(found).toEqual({ p95Ms: 9, errorShare: 0.002, cpuShare: 0.5 });
  });

  it('are named, and do not fail, if they could not be measured', () => {
    const verdicts = judge({ ...figures, cpuShare: undefined, memoryShare: undefined }, bars);
    expect(verdicts.slice(2)).toEqual([
      { bar: 'CPU of the machine without the driver < 70 %' },
      { bar: 'memory of the machine < 80 %' },
    ]);
    expect(noneFails(verdicts)).toBe(true);
    expect(noneFails(judge({ ...figures, p95Ms: 11, cpuShare: undefined }, bars))).toBe(false);
  });

  it('do not hold if nothing was answered', () => {
    const found = figuresOf(client({ calls: 0, tools: [] }), {});
    expect(judge(found, bars).map((verdict) => verdict.holds)).toEqual([false, false, undefined, undefined]);
  });

  it('are for the median of several runs, but the most errors', () => {
    const runs = [
      { p95Ms: 30, errorShare: 0, cpuShare: 0.2 },
      { p95Ms: 10, errorShare: 0.5, cpuShare: 0.4 },
      { p95Ms: 20, errorShare: 0, cpuShare: 0.3 },
    ];
    expect(medianFigures(runs)).toEqual({ p95Ms: 20, errorShare: 0.5, cpuShare: 0.3, memoryShare: undefined });
  });
});
