import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { InexactNumber, isExactNumber } from './inexact-number.js';

it.each([
  '0',
  '-0',
  '0.1',
  '-0.1',
  '1.50',
  '1e3',
  '1E+3',
  '10e-1',
  '0e999',
  '100',
  '0.30000000000000004',
  '9007199254740991',
  '-9007199254740992',
  '9007199254740994',
  '1152921504606847000',
  '1e300',
  '5e-324',
  '1.7976931348623157e308',
  `1${'0'.repeat(308)}`,
  `0.${'0'.repeat(300)}1`,
])('keeps %s', (source) => {
  expect(isExactNumber(source)).toBe(true);
});

it.each([
  '9007199254740993',
  '-9007199254740993',
  '1546130668394913822',
  '1152921504606846976',
  '1.00000000000000000001',
  '3.141592653589793238',
  '0.10000000000000001',
  '1.546130668394913822e18',
  '1e400',
  '-1e400',
  '1e-400',
  '1'.repeat(600_000),
  `0.${'0'.repeat(600_000)}`,
])('does not keep %.60s', (source) => {
  expect(isExactNumber(source)).toBe(false);
});

it('keeps every number as JavaScript writes it', () => {
  const bytes = randomBytes(80_000);
  const numbers = Array.from({ length: 10_000 }, (_, index) => bytes.readDoubleLE(8 * index)).filter(Number.isFinite);
  expect(numbers.filter((number) => !isExactNumber(JSON.stringify(number)))).toEqual([]);
});

it('shows only the beginning of a long number', () => {
  expect(new InexactNumber('1546130668394913822').problem).toContain('1546130668394913822, which');
  expect(new InexactNumber('9'.repeat(600_000)).problem.length).toBeLessThan(200);
});
