import type {
  Implementation,
  McpRequestContext,
  ServerCapabilities,
  ServerOptions,
} from '@modelcontextprotocol/server';
import { instructions } from './instructions.js';
import type { ResourceChanges } from './subscriptions/resource-changes.js';

type ResourceCapabilities = NonNullable<ServerCapabilities['resources']>;

export const serverInfoOf = (version: string): Implementation => ({
  name: 'context-store',
  title: 'Context Store',
  version,
});

/** The changes of resources that a client can subscribe to over this connection. */
export function resourceCapabilities(
  { era, requestInfo }: McpRequestContext,
  changes: ResourceChanges | undefined,
): ResourceCapabilities {
  if (changes === undefined) return {};
  if (era === 'modern') return { subscribe: true, listChanged: true };
  // A legacy request over HTTP has no connection for later notifications. On stdio, legacy clients get `listChanged`
  // notifications without asking, so each process would have to watch the store all the time.
  return requestInfo === undefined ? { subscribe: true } : {};
}

const hourMs = 3_600_000;
const unchanging = { ttlMs: hourMs, cacheScope: 'public' } as const;

export const serverOptions = (resources: ResourceCapabilities): ServerOptions => ({
  instructions,
  capabilities: { tools: {}, prompts: {}, resources, completions: {} },
  cacheHints: {
    'tools/list': unchanging,
    'prompts/list': unchanging,
    'resources/templates/list': unchanging,
    'server/discover': unchanging,
  },
  // The SDK needs a validator for elicitation only, and the default one is expensive to create for every request.
  jsonSchemaValidator: {
    getValidator: () => {
      throw new Error('this server never elicits');
    },
  },
});
