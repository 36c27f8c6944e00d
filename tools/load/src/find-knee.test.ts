import { expect, it } from 'vitest';
import { findKnee, type Knee, type Outcome } from './find-knee.js';

const search = (outcomeOf: (rate: number) => Outcome, firstRate: number, isOver = () => false): Promise<Knee<number>> =>
  findKnee({ firstRate, isOver, attempt: async (rate) => ({ outcome: outcomeOf(rate), result: rate }) });

/** A server that bears so many calls a second. */
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

it('gives up where not even one call a second holds', async () => {
  const { held, beyond } = await search(upTo(0), 20);
  expect(held).toBeUndefined();
  expect(beyond?.rate).toBe(1);
});

it('ends with what it has when it is over, without the step that was cut off', async () => {
  let attempts = 0;
  const outcomeOf = (): Outcome => ((attempts += 1) > 3 ? 'fails' : 'holds');
  const { held, beyond, steps } = await search(outcomeOf, 100, () => attempts > 3);
  expect(steps.map(({ rate }) => rate)).toEqual([100, 150, 225]);
  expect([held?.rate, beyond]).toEqual([225, undefined]);
});

it('tries again what was void, and goes by what came of it', async () => {
  let isDisturbed = true;
  const { held, steps } = await search((rate) => {
    if (!isDisturbed || rate !== 300) return upTo(1000)(rate);
    isDisturbed = false;
    return 'void';
  }, 200);
  expect(steps.filter(({ rate }) => rate === 300).map(({ outcome }) => outcome)).toEqual(['void', 'holds']);
  expect(held?.rate).toBeGreaterThan(940);
});

it('says that it is void beyond, when it stays so', async () => {
  const { held, beyond, steps } = await search((rate) => (rate > 500 ? 'void' : 'holds'), 200);
  expect(held?.rate).toBeGreaterThan(470);
  expect(beyond?.outcome).toBe('void');
  expect(steps.filter(({ rate }) => rate === beyond?.rate)).toHaveLength(3);
});
