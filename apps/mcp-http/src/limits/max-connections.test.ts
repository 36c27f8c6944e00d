import { expect, it } from 'vitest';
import { maxConnections } from './max-connections.js';

it.each([
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 8 }, 1_000_000, 10_000],
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 8 }, 1024, 916],
  [{ MAX_CONNECTIONS: 10_000, DATABASE_POOL_SIZE: 1000 }, 1024, 256],
  [{ MAX_CONNECTIONS: 500, DATABASE_POOL_SIZE: 8 }, Infinity, 500],
])('%j and %d open files allow %d connections', (environment, openFiles, connections) => {
  expect(maxConnections(environment, openFiles)).toBe(connections);
});
