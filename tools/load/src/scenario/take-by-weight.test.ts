import { expect, it } from 'vitest';
import { takeByWeight } from './take-by-weight.js';

it('gives each item its share, spread evenly', () => {
  const take = takeByWeight([
    { name: 'register', weight: 10 },
    { name: 'update', weight: 70 },
    { name: 'offer', weight: 20 },
  ]);
  const ten = (): string[] => Array.from({ length: 10 }, () => take().name);
  for (let round = 0; round < 3; round += 1) {
    const taken = ten();
    const count = (name: string): number => taken.filter((other) => other === name).length;
    expect([count('register'), count('update'), count('offer')]).toEqual([1, 7, 2]);
  }
});

it('takes an item with an eleventh of the weight every eleventh time', () => {
  const take = takeByWeight([{ weight: 10 }, { weight: 1 }]);
  const places = Array.from({ length: 33 }, (_, index) => (take().weight === 1 ? index : -1)).filter((at) => at >= 0);
  expect(places.map((at) => at - (places[0] ?? NaN))).toEqual([0, 11, 22]);
});
