import { expect, it } from 'vitest';
import { createRecorder } from './recorder.js';

const call = { tool: 'updateContext', intendedMs: 0, sentMs: 0, endMs: 1, errorCode: undefined };

it('counts latencies from the intended start and from the send, by tool', () => {
  const recorder = createRecorder();
  // Sent 50 ms late, answered after 1 to 1000 ms.
  for (let ms = 1; ms <= 1000; ms += 1) recorder.record({ ...call, sentMs: 50, endMs: 50 + ms });
  recorder.record({ ...call, tool: 'getContext' });
  const { tools, calls } = recorder.summary();
  expect(calls).toBe(1001);
  expect(tools.map(({ tool, calls: count }) => [tool, count])).toEqual([
    ['getContext', 1],
    ['updateContext', 1000],
  ]);
  expect(tools[1]?.fromSend.p50).toBeCloseTo(500, -1);
  expect(tools[1]?.fromStart?.p50).toBeCloseTo(550, -1);
});

it('counts errors by their code, and their latencies too', () => {
  const recorder = createRecorder();
  for (const errorCode of ['OVERLOADED', 'OVERLOADED', 'HTTP 503', undefined]) recorder.record({ ...call, errorCode });
  expect(recorder.summary()).toMatchObject({
    errorCodes: { OVERLOADED: 2, 'HTTP 503': 1 },
    tools: [{ calls: 4, errors: 3 }],
  });
});
