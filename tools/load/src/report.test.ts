import type { Percentiles } from '@org/measure/latencies';
import { describe, expect, it } from 'vitest';
import type { ClientSummary } from './recorder.js';
import { figuresOf, judge, noneFails, reasonsToVoid } from './report.js';

const percentiles = (ms: number): Percentiles => ({ p50: ms, p95: ms, p99: ms, max: ms });
const client = (values: Partial<ClientSummary> = {}): ClientSummary => ({
  tools: [
    { tool: 'getContext', calls: 1000, errors: 0, fromStart: percentiles(4), fromSend: percentiles(3) },
    { tool: 'updateContext', calls: 1000, errors: 0, fromStart: percentiles(9), fromSend: percentiles(8) },
  ],
  calls: 2000,
  errorCodes: {},
  sendLag: percentiles(5),
  ...values,
});

it.each([
  ['if calls were sent late', client({ sendLag: percentiles(5.1) }), 0.1, [expect.stringContaining('sent late')]],
  ['if the driver was busy', client(), 0.61, [expect.stringContaining('of a core')]],
  ['if nothing was answered', client({ calls: 0 }), 0.1, ['nothing was answered']],
  ['not otherwise', client(), 0.6, []],
])('a run is void %s', (_case, summary, driverCores, reasons) => {
  expect(reasonsToVoid(summary, driverCores)).toEqual(reasons);
});

describe('bars', () => {
  const bars = { p95Ms: 10, errorShare: 0.001 };
  const figures = { p95Ms: 10, errorShare: 0.001, cpuShare: 0.69, memoryShare: 0.79 };

  it.each([
    [{}, [true, true, true, true]],
    [{ p95Ms: 10.1 }, [false, true, true, true]],
    [{ errorShare: 0.0011 }, [true, false, true, true]],
    [{ cpuShare: 0.7, memoryShare: 0.8 }, [true, true, false, false]],
    [{ cpuShare: undefined, memoryShare: undefined }, [true, true, undefined, undefined]],
    [figuresOf(client({ calls: 0, tools: [] }), {}), [false, false, true, true]],
  ])('of %o hold as %j', (changed, holds) => {
    const verdicts = judge({ ...figures, ...changed }, bars);
    expect(verdicts.map((verdict) => verdict.holds)).toEqual(holds);
    expect(noneFails(verdicts)).toBe(!holds.includes(false));
  });

  it('are for the slowest tool, from the intended start, and for errors of all calls', () => {
    const found = figuresOf(client({ errorCodes: { OVERLOADED: 3, 'HTTP 503': 1 } }), { cpuShare: 0.5 });
    expect(found).toEqual({ p95Ms: 9, errorShare: 0.002, cpuShare: 0.5 });
  });
});
