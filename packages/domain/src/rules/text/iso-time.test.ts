import { assert, date, property } from 'fast-check';
import { expect, it } from 'vitest';
import { isoTime } from './iso-time.js';

it('writes every time as Date does', () => {
  assert(
    property(date({ noInvalidDate: true }), (time) => {
      expect(isoTime(time.getTime())).toBe(time.toISOString());
    }),
  );
});

it('writes the first and the last millisecond of a day, one after the other', () => {
  const midnight = Date.UTC(2026, 0, 1);
  expect([midnight - 1, midnight, midnight + 86_399_999, midnight - 1].map(isoTime)).toEqual([
    '2025-12-31T23:59:59.999Z',
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T23:59:59.999Z',
    '2025-12-31T23:59:59.999Z',
  ]);
});

it('leaves off fractions of a millisecond', () => {
  expect(isoTime(1_700_000_000_000.75)).toBe(new Date(1_700_000_000_000).toISOString());
});
