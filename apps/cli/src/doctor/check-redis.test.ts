import { expect, it } from 'vitest';
import { judgeMemory } from './check-redis.js';

const limited = { version: '7.0.15', maxMemoryBytes: 1000, maxMemoryPolicy: 'allkeys-lru' };
const statesOf = (...given: Parameters<typeof judgeMemory>): string[] =>
  judgeMemory(...given).map(({ message }) => message);

it('judges the memory of a Redis that keeps the cache', () => {
  expect(statesOf(limited, true)).toEqual([]);
  expect(statesOf({ ...limited, maxMemoryBytes: 0 }, true)).toEqual([expect.stringMatching(/^maxmemory has no limit/)]);
  expect(statesOf({ ...limited, maxMemoryPolicy: 'noeviction' }, true)).toEqual([expect.stringMatching(/noeviction/)]);
  expect(statesOf({ ...limited, maxMemoryBytes: undefined, maxMemoryPolicy: undefined }, true)).toEqual([]);
});

it('judges only what drops rate limits if it keeps no cache', () => {
  expect(statesOf({ ...limited, maxMemoryBytes: 0, maxMemoryPolicy: 'noeviction' }, false)).toEqual([]);
  expect(statesOf({ ...limited, maxMemoryPolicy: 'volatile-ttl' }, false)).toEqual([
    expect.stringMatching(/volatile-ttl/),
  ]);
});
