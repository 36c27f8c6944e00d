import { expect, it } from 'vitest';
import type { z } from 'zod';
import { givenArguments } from './given-arguments.js';
import { useCases, type UseCaseName } from './index.js';

it.each(Object.keys(useCases) as UseCaseName[])('drops exactly the optional arguments of %s that are empty', (name) => {
  const shape: Record<string, z.ZodType> = useCases[name].input.shape;
  const names = Object.keys(shape);
  const required = names.filter((argument) => shape[argument]?.safeParse(undefined).success === false);
  for (const empty of [null, '']) {
    const given = givenArguments(useCases[name].input, Object.fromEntries(names.map((argument) => [argument, empty])));
    expect(Object.keys(given)).toEqual(required);
  }
});

it('keeps false, 0, empty lists, unknown arguments, and input that is not an object', () => {
  const kept = { pinned: false, expectedSequence: 0, types: [], unknown: null, toString: '' };
  expect(givenArguments(useCases.updateContext.input, kept)).toBe(kept);
  expect(givenArguments(useCases.updateContext.input, null)).toBeNull();
  const withProto = JSON.parse('{"epoch":null,"__proto__":1}') as object;
  expect(Object.keys(givenArguments(useCases.updateContext.input, withProto))).toEqual(['__proto__']);
});
