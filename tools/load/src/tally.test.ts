import { expect, it } from 'vitest';
import type { CallRecord } from './run-flow.js';
import { createTally } from './tally.js';

const call = (values: Partial<CallRecord> = {}): CallRecord => ({
  tool: 'updateContext',
  intendedMs: 0,
  sentMs: 0,
  endMs: 1,
  errorCode: undefined,
  ...values,
});

it('counts latencies from the intended start and from the send, by tool', () => {
  const tally = createTally();
  // Sent 50 ms late, answered after 1 to 1000 ms.
  for (let ms = 1; ms <= 1000; ms += 1) tally.count(call({ sentMs: 50, endMs: 50 + ms }));
  tally.count(call({ tool: 'getContext', endMs: 7 }));
  const [read, append] = tally.tools();

  expect(read).toMatchObject({ tool: 'getContext', calls: 1, errors: 0 });
  expect(append).toMatchObject({ tool: 'updateContext', calls: 1000 });
  // Three digits are kept.
  expect(append?.fromSend.p50).toBeCloseTo(500, -1);
  expect(append?.fromSend.p95).toBeCloseTo(950, -1);
  expect(append?.fromSend.p99).toBeCloseTo(990, -1);
  expect(append?.fromSend.max).toBeCloseTo(1000, -1);
  expect(append?.fromStart?.p50).toBeCloseTo(550, -1);
  expect(tally.all()?.max).toBeCloseTo(1050, -1);
});

it('keeps fractions of a millisecond', () => {
  const tally = createTally();
  tally.count(call({ endMs: 0.25 }));
  expect(tally.all()?.p50).toBeCloseTo(0.25, 3);
});

it('counts errors by their code, and their latencies too', () => {
  const tally = createTally();
  for (const errorCode of ['OVERLOADED', 'OVERLOADED', 'HTTP 503', undefined]) tally.count(call({ errorCode }));
  expect(tally.errorCodes()).toEqual({ OVERLOADED: 2, 'HTTP 503': 1 });
  expect(tally.tools()).toMatchObject([{ calls: 4, errors: 3 }]);
});

it('begins anew', () => {
  const tally = createTally();
  tally.count(call({ errorCode: 'OVERLOADED' }));
  tally.reset();
  expect([tally.tools(), tally.all(), tally.calls(), tally.errorCodes()]).toEqual([[], undefined, 0, {}]);
});
