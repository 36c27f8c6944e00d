import { ContextStoreError } from '@org/domain';
import { pino, type Logger } from 'pino';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createFaultLog } from './fault-log.js';

let lines: Record<string, unknown>[];
let logger: Logger;
beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const write = (line: string) => lines.push(JSON.parse(line) as Record<string, unknown>);
  logger = pino({ formatters: { level: (level) => ({ level }) } }, { write });
});
afterEach(() => {
  vi.useRealTimers();
});

const away = new ContextStoreError(
  'STORE_UNAVAILABLE',
  'The database is away.',
  { written: 'no' },
  { cause: new Error('refused') },
);
const busy = new ContextStoreError('OVERLOADED', 'Too busy.', { retryAfterMs: 1 });

describe('a fault', () => {
  it('is a line with its code, its cause, and the call that it belongs to', () => {
    const faults = createFaultLog(logger);
    faults.report(away, { requestId: 'r', tool: 'updateContext', traceId: 't1' });
    faults.report(busy, { requestId: 's' });
    faults.report(new TypeError('x'), { requestId: 't' });
    faults.close();
    expect(lines).toMatchObject([
      {
        level: 'error',
        code: 'STORE_UNAVAILABLE',
        requestId: 'r',
        tool: 'updateContext',
        traceId: 't1',
        msg: 'The database is away.',
        err: { message: 'refused' },
      },
      { level: 'warn', code: 'OVERLOADED', requestId: 's', msg: 'Too busy.' },
      { level: 'error', code: 'INTERNAL_ERROR', requestId: 't', err: { type: 'TypeError' } },
    ]);
  });

  it('that comes 10,000 times in a second is eleven lines, and other faults keep their lines', () => {
    const faults = createFaultLog(logger);
    for (let call = 0; call < 10_000; call += 1) faults.report(away, { requestId: `${call}` });
    faults.report(busy, { requestId: 'busy' });
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(12);
    expect(lines.filter(({ requestId }) => requestId === 'busy')).toHaveLength(1);
    expect(lines.at(-1)).toMatchObject({ level: 'error', code: 'STORE_UNAVAILABLE', leftOut: 9990 });
    faults.report(away, { requestId: 'next' });
    expect(lines.at(-1)).toMatchObject({ requestId: 'next' });
    vi.advanceTimersByTime(1000);
    expect(lines).toHaveLength(13);
  });

  it('counts what was left out when the log is closed within the second', () => {
    const faults = createFaultLog(logger);
    for (let call = 0; call < 11; call += 1) faults.report(away, { requestId: `${call}` });
    faults.close();
    expect(lines.at(-1)).toMatchObject({ leftOut: 1 });
  });
});
