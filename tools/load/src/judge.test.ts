import { describe, expect, it } from 'vitest';
import {
  compareSides,
  figuresOf,
  judge,
  medianFigures,
  noneFails,
  reasonsToVoid,
  withoutEnoughCalls,
} from './judge.js';
import type { Percentiles } from './latencies.js';
import type { ClientSummary } from './recorder.js';
import type { ServerTool } from './server-metrics.js';

const percentiles = (ms: number): Percentiles => ({ p50: ms, p95: ms, p99: ms, max: ms });
const client = (values: Partial<ClientSummary> = {}): ClientSummary => ({
  tools: [
    { tool: 'getContext', calls: 1000, errors: 0, fromStart: percentiles(4), fromSend: percentiles(3) },
    { tool: 'updateContext', calls: 1000, errors: 0, fromStart: percentiles(9), fromSend: percentiles(8) },
  ],
  calls: 2000,
  errorCodes: {},
  sendLag: percentiles(1),
  ping: percentiles(1),
  timeline: [],
  ...values,
});

describe('a run is void', () => {
  it('not when its driver was in time and had little to do', () => {
    expect(reasonsToVoid(client({ sendLag: percentiles(5) }), 0.6)).toEqual([]);
  });

  it.each([
    ['calls were sent late', client({ sendLag: percentiles(5.1) }), 0.1],
    ['of a core', client(), 0.61],
    ['nothing was answered', client({ calls: 0 }), 0.1],
  ])('when %s', (reason, summary, cores) => {
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
    expect(found).toEqual({ p95Ms: 9, errorShare: 0.002, cpuShare: 0.5, memoryShare: undefined });
  });

  it('are named, and do not fail, where there is nothing to judge them by', () => {
    const verdicts = judge({ ...figures, cpuShare: undefined, memoryShare: undefined }, bars);
    expect(verdicts.slice(2)).toEqual([
      { bar: 'CPU of the machine without the driver < 70 %' },
      { bar: 'memory of the machine < 80 %' },
    ]);
    expect(noneFails(verdicts)).toBe(true);
    expect(noneFails(judge({ ...figures, p95Ms: 11, cpuShare: undefined }, bars))).toBe(false);
  });

  it('do not hold when nothing was answered', () => {
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

describe('server and client', () => {
  const bucket = (aboveMs: number, atMostMs: number) => ({ ms: aboveMs, aboveMs, atMostMs });
  const tool = (aboveMs: number, atMostMs: number): ServerTool => {
    const at = bucket(aboveMs, atMostMs);
    return { calls: 1000, p50: at, p95: at, p99: at };
  };
  const outcomes = (above: number, atMost: number, summary = client()): string[] =>
    compareSides(summary, { tools: { getContext: tool(above, atMost) }, statements: 0 }).map(({ outcome }) => outcome);

  it('agree within a bucket', () => {
    expect(new Set(outcomes(2, 3))).toEqual(new Set(['within the bucket']));
  });

  it('agree but for what a ping takes', () => {
    expect(new Set(outcomes(1, 2))).toEqual(new Set(['explained by a ping']));
  });

  it('differ beyond that, or when the client was faster', () => {
    expect(new Set(outcomes(1, 1.9))).toEqual(new Set(['client slower']));
    expect(new Set(outcomes(3.1, 4))).toEqual(new Set(['client faster']));
    expect(new Set(outcomes(1, 2, client({ ping: undefined })))).toEqual(new Set(['client slower']));
  });

  it('are compared where enough calls tell something', () => {
    const [first] = client().tools;
    const few = (calls: number) => client({ tools: first === undefined ? [] : [{ ...first, calls }] });
    expect([19, 20, 200, 1000].map((calls) => outcomes(2, 3, few(calls)).length)).toEqual([0, 1, 2, 3]);
    expect([199, 1000].map((calls) => withoutEnoughCalls(few(calls)))).toEqual([
      ['p95, p99 of getContext (199 calls)'],
      [],
    ]);
  });
});
