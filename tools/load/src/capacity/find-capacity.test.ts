import { expect, it } from 'vitest';
import { findCapacity, type Capacity, type Outcome } from './find-capacity.js';

const search = (
  outcomeOf: (rate: number) => Outcome,
  firstRate: number,
  isOver = () => false,
): Promise<Capacity<number>> =>
  findCapacity({ firstRate, isOver, attempt: async (rate) => ({ outcome: outcomeOf(rate), result: rate }) });

/** A server with this capacity. */
const upTo =
  (capacity: number) =>
  (rate: number): Outcome =>
    rate <= capacity ? 'holds' : 'fails';

it.each([
  [1234, 200],
  [1234, 5000],
  [200, 200],
  [7, 200],
])('finds %i from %i on, within a twentieth', async (capacity, firstRate) => {
  const { held, beyond, steps } = await search(upTo(capacity), firstRate);
  expect(held?.rate).toBeLessThanOrEqual(capacity);
  expect(held?.rate).toBeGreaterThanOrEqual(Math.min(capacity, capacity / 1.06));
  expect(beyond?.rate).toBeGreaterThan(capacity);
  expect(steps.length).toBeLessThan(15);
});

it('gives up if not even one call a second holds', async () => {
  const { held, beyond } = await search(upTo(0), 20);
  expect(held).toBeUndefined();
  expect(beyond?.rate).toBe(1);
});

it('returns what it has found if it is stopped, without the step that was cut off', async () => {
  let attempts = 0;
  const outcomeOf = (): Outcome => ((attempts += 1) > 3 ? 'fails' : 'holds');
  const { held, beyond, steps } = await search(outcomeOf, 100, () => attempts > 3);
  expect(steps.map(({ rate }) => rate)).toEqual([100, 150, 225]);
  expect([held?.rate, beyond]).toEqual([225, undefined]);
});

it('tries a void rate again, and takes the new outcome', async () => {
  let isDisturbed = true;
  const { held, steps } = await search((rate) => {
    if (!isDisturbed || rate !== 300) return upTo(1000)(rate);
    isDisturbed = false;
    return 'void';
  }, 200);
  expect(steps.filter(({ rate }) => rate === 300).map(({ outcome }) => outcome)).toEqual(['void', 'holds']);
  expect(held?.rate).toBeGreaterThan(940);
});

it('reports a rate that stays void', async () => {
  const { held, beyond, steps } = await search((rate) => (rate > 500 ? 'void' : 'holds'), 200);
  expect(held?.rate).toBeGreaterThan(470);
  expect(beyond?.outcome).toBe('void');
  expect(steps.filter(({ rate }) => rate === beyond?.rate)).toHaveLength(3);
});
