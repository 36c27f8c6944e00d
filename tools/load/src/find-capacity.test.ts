import { expect, it } from 'vitest';
import { findCapacity, type Capacity, type Outcome } from './find-capacity.js';

/** Searches on a server, and notes the rates that were tried. */
async function search(
  outcomeOf: (rate: number) => Outcome | undefined,
  firstRate: number,
): Promise<Capacity & { rates: number[] }> {
  const rates: number[] = [];
  const capacity = await findCapacity(firstRate, async (rate) => {
    rates.push(rate);
    return outcomeOf(rate);
  });
  return { ...capacity, rates };
}

it.each([
  [1234, 200],
  [1234, 5000],
  [200, 200],
  [7, 200],
])('finds %i from %i on, within a twentieth', async (capacity, firstRate) => {
  const { held, beyond, rates } = await search((rate) => (rate <= capacity ? 'holds' : 'fails'), firstRate);
  expect(held).toBeLessThanOrEqual(capacity);
  expect(held).toBeGreaterThanOrEqual(Math.min(capacity, capacity / 1.06));
  expect(beyond?.rate).toBeGreaterThan(capacity);
  expect(rates.length).toBeLessThan(15);
});

it('gives up if not even one call a second holds', async () => {
  expect(await search(() => 'fails', 20)).toMatchObject({ held: undefined, beyond: { rate: 1, outcome: 'fails' } });
});

it('returns what it has found if it is stopped', async () => {
  const found = await search((rate) => (rate > 300 ? undefined : 'holds'), 100);
  expect(found).toEqual({ held: 225, beyond: undefined, rates: [100, 150, 225, 338] });
});

it('tries a void rate three times, and takes the new outcome', async () => {
  const { held, beyond, rates } = await search((rate) => (rate > 500 ? 'void' : 'holds'), 200);
  expect(held).toBeGreaterThan(470);
  expect(beyond?.outcome).toBe('void');
  expect(rates.filter((rate) => rate === beyond?.rate)).toHaveLength(3);

  const outcomes: Outcome[] = ['void', 'holds', 'fails'];
  const again = await search(() => outcomes.shift(), 200);
  expect(again).toMatchObject({ held: 200, beyond: { rate: 300 }, rates: [200, 200, 300, 245] });
});
