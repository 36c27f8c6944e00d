import { expect, it } from 'vitest';
import { connectionsWithin } from './max-connections.js';

it.each([
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 8 }, 1_000_000, 10_000],
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 8 }, 1024, 916],
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 1000 }, 1024, 256],
  [{ MAX_CONNECTIONS: 500, DATABASE_POOL_SIZE: 8 }, Infinity, 500],
])('%j with %d open files leave room for %d connections', (environment, openFiles, connections) => {
  expect(connectionsWithin(environment, openFiles)).toBe(connections);
});
