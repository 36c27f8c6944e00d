import { describe, expect, it } from 'vitest';
import { checkClock } from './check-clock.js';
import { checkNode } from './check-node.js';
import { checkSchema } from './check-schema.js';

describe('the version of Node.js', () => {
  it('is that of this process, and new enough', () => {
    expect(checkNode()).toEqual({ check: 'Node.js', state: 'ok', message: process.versions.node });
  });

  it.each(['20.19.0', '22.18.9'])('%s is a problem', (version) => {
    expect(checkNode(version)).toMatchObject({
      state: 'problem',
      message: expect.stringContaining(`this is ${version}. Run it with a newer Node.js`) as string,
    });
  });
});

describe('the clock', () => {
  it.each([
    [1500, 0],
    [-1500, 0],
    [2400, 500],
  ])('may differ by %i ms, known to %i ms', (aheadMs, uncertainMs) => {
    expect(checkClock('database', aheadMs, uncertainMs)).toMatchObject({ state: 'ok' });
  });

  it.each([
    [61_000, "that of the server is 61 s ahead of this machine's"],
    [-3000, "that of the server is 3 s behind this machine's"],
  ])('that differs by %i ms is a warning', (aheadMs, message) => {
    expect(checkClock('server', aheadMs, 0)).toMatchObject({ state: 'warning', message });
  });
});

describe('the schema', () => {
  it.each([
    [5, 'ok', /^$/],
    [6, 'problem', /^Upgrade/],
    [4, 'warning', /^Run context-store migrate/],
    [0, 'warning', /^Run context-store migrate/],
  ])('of version %i is: %s', (schemaVersion, state, advice) => {
    const found = checkSchema({ schemaVersion, knownVersion: 5 });
    expect(found.state).toBe(state);
    expect(found.advice ?? '').toMatch(advice);
  });
});
