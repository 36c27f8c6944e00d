import { expect, it } from 'vitest';
import { leastRounds } from './measure-row.js';
import { inOrderOf, takeTurns, type Measure } from './take-turns.js';

it('keeps a group together, and measures it in another order in each round', async () => {
  const measured: string[] = [];
  const group = (...names: string[]): Map<string, Measure> =>
    new Map(
      names.map((name) => [
        name,
        async () => {
          measured.push(name);
          return { callsPerSecond: measured.length };
        },
      ]),
    );
  const measureRound = takeTurns([group('a', 'b', 'c'), group('x', 'y')], {
    signal: new AbortController().signal,
    progress: () => undefined,
  });

  const first = await measureRound(0);
  await measureRound(1);
  await measureRound(2);

  expect(measured.join(' ')).toBe('a c b x y b a c y x c b a x y');
  expect([...first.keys()]).toEqual(['a', 'b', 'c', 'x', 'y']);
  expect(first.get('x')).toEqual({ callsPerSecond: 4 });
});

const variantsOf = (count: number): string[] => Array.from({ length: count }, (_, index) => `v${index}`);
const ordersOf = (variants: readonly string[], rounds: number): string[][] =>
  Array.from({ length: rounds }, (_, round) => inOrderOf(round, variants));
const inFrontOf = (variant: string, orders: readonly string[][]): string[] =>
  orders.flatMap((order) => order[order.indexOf(variant) - 1] ?? []);

it.each([2, 3, 4, 5, 8])('lets each of %i variants come first, and after each other one, equally often', (count) => {
  const variants = variantsOf(count);
  const orders = ordersOf(variants, 2 * count);
  for (const order of orders) expect(new Set(order)).toEqual(new Set(variants));
  for (const variant of variants) {
    expect(orders.filter(([first]) => first === variant)).toHaveLength(2);
    const others = variants.filter((other) => other !== variant);
    expect(inFrontOf(variant, orders).toSorted()).toEqual(others.flatMap((other) => [other, other]));
  }
});

it.each([3, 4, 5, 8])('lets none of %i variants come after the same one in each round of a judged run', (count) => {
  const variants = variantsOf(count);
  const orders = ordersOf(variants, leastRounds);
  for (const variant of variants) expect(new Set(inFrontOf(variant, orders)).size).toBeGreaterThan(1);
});

it('stops if the run is stopped', async () => {
  const stop = new AbortController();
  const variants = new Map<string, Measure>([
    [
      'a',
      async () => {
        stop.abort(new Error('stopped'));
        return {};
      },
    ],
    ['b', () => Promise.reject(new Error('measured after the stop'))],
  ]);
  const measureRound = takeTurns([variants], { signal: stop.signal, progress: () => undefined });
  await expect(measureRound(0)).rejects.toThrow('stopped');
});
