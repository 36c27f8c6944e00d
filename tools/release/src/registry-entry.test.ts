import { expect, it } from 'vitest';
import { registryEntry } from './registry-entry.js';

/** What https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json asks of the fields that are used. */
it('keeps to the rules of the MCP registry', () => {
  const entry = registryEntry('1.2.3') as Record<string, string> & { packages: Record<string, unknown>[] };
  expect(Object.keys(entry).toSorted()).toEqual(
    ['$schema', 'description', 'name', 'packages', 'repository', 'title', 'version'].toSorted(),
  );
  expect(entry['name']).toMatch(/^[a-zA-Z0-9.-]+\/[a-zA-Z0-9._-]+$/);
  expect(entry['description']?.length).toBeLessThanOrEqual(100);
  expect(entry['title']?.length).toBeLessThanOrEqual(100);
  expect(entry.packages).toMatchObject([
    { registryType: 'npm', identifier: '@org/mcp-stdio', version: '1.2.3', transport: { type: 'stdio' } },
  ]);
});
