import { expect, it } from 'vitest';
import { takeTurns, type Measure } from './take-turns.js';

it('keeps a group together, and begins it with another variant in each round', async () => {
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

  expect(measured.join(' ')).toBe('a b c x y b c a y x c a b x y');
  expect([...first.keys()]).toEqual(['a', 'b', 'c', 'x', 'y']);
  expect(first.get('x')).toEqual({ callsPerSecond: 4 });
});

it('stops when the run is called off', async () => {
  const calledOff = new AbortController();
  const variants = new Map<string, Measure>([
    [
      'a',
      async () => {
        calledOff.abort(new Error('called off'));
        return {};
      },
    ],
    ['b', () => Promise.reject(new Error('measured nevertheless'))],
  ]);
  const measureRound = takeTurns([variants], { signal: calledOff.signal, progress: () => undefined });
  await expect(measureRound(0)).rejects.toThrow('called off');
});
