import { getPriority } from 'node:os';
import { expect, it } from 'vitest';
import { takePrecedence } from './take-precedence.js';

it('is given back', () => {
  const before = getPriority();
  const precedence = takePrecedence();
  expect(getPriority() < before).toBe(precedence.isGranted);
  precedence[Symbol.dispose]();
  expect(getPriority()).toBe(before);
});
