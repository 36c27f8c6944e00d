import { expect, it } from 'vitest';
import { requireSupportedNode } from './node-version.js';

it.each(['22.19.0', '22.20.1', '24.0.0', '100.0.0'])('runs on Node.js %s', (version) => {
  expect(() => requireSupportedNode(version)).not.toThrow();
});

it.each(['22.18.9', '20.20.2', '9.99.0'])('refuses Node.js %s', (version) => {
  expect(() => requireSupportedNode(version)).toThrow(
    expect.objectContaining({ code: 'VALIDATION_ERROR', message: expect.stringContaining(version) as string }),
  );
});
