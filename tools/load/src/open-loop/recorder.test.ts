import { expect, it } from 'vitest';
import type { CallRecord } from '../scenario/run-flow.js';
import { createRecorder } from './recorder.js';

const call = (values: Partial<CallRecord> = {}): CallRecord => ({
  tool: 'updateContext',
  intendedMs: 0,
  sentMs: 0,
  endMs: 1,
  errorCode: undefined,
  ...values,
});

it('counts latencies from the intended start and from the send, by tool', () => {
  const recorder = createRecorder();
  // Sent 50 ms late, answered after 1 to 1000 ms.
  for (let ms = 1; ms <= 1000; ms += 1) recorder.record(call({ sentMs: 50, endMs: 50 + ms }));
  recorder.record(call({ tool: 'getContext', endMs: 7 }));
  const { tools, calls } = recorder.summary();
  const [read, append] = tools;

  expect(calls).toBe(1001);
  expect(read).toMatchObject({ tool: 'getContext', calls: 1, errors: 0 });
  expect(append).toMatchObject({ tool: 'updateContext', calls: 1000 });
  expect(append?.fromSend.p50).toBeCloseTo(500, -1);
  expect(append?.fromSend.max).toBeCloseTo(1000, -1);
  expect(append?.fromStart?.p50).toBeCloseTo(550, -1);
});

it('counts errors by their code, and their latencies too', () => {
  const recorder = createRecorder();
  for (const errorCode of ['OVERLOADED', 'OVERLOADED', 'HTTP 503', undefined]) recorder.record(call({ errorCode }));
  expect(recorder.summary().errorCodes).toEqual({ OVERLOADED: 2, 'HTTP 503': 1 });
  expect(recorder.summary().tools).toMatchObject([{ calls: 4, errors: 3 }]);
});
