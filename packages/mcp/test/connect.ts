import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport, type McpServerFactory } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createContextStore, type ContextStore, type ContextStoreOptions, type UseCaseName } from '@org/domain';
import { createMemoryStore } from '@org/domain/testing';
import { createMcpServerFactory, type McpServerFactoryOptions } from '../src/create-mcp-server-factory.js';

export const eras = ['legacy', 'modern'] as const;
export type Era = (typeof eras)[number];

export const memoryContextStore = (options?: ContextStoreOptions): ContextStore =>
  createContextStore({ store: createMemoryStore() }, options);

export const factoryOver = (
  contextStore: ContextStore,
  options: Partial<McpServerFactoryOptions> = {},
): McpServerFactory => createMcpServerFactory({ contextStore, version: '1.2.3', ...options });

/** An official client on one connection to servers of the factory. */
export async function connect(factory: McpServerFactory, era: Era, name = 'Test Client'): Promise<Client> {
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  serveStdio(factory, { transport: serverSide });
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client({ name, version: '1' }, { versionNegotiation: { mode } });
  await client.connect(clientSide);
  return client;
}

export interface Answer {
  readonly isError: boolean;
  readonly body: Record<string, unknown>;
  readonly text: string;
}

export async function call(client: Client, name: UseCaseName, args: Record<string, unknown> = {}): Promise<Answer> {
  const { isError = false, structuredContent, content } = await client.callTool({ name, arguments: args });
  const [block] = content;
  return {
    isError,
    body: structuredContent as Record<string, unknown>,
    text: block?.type === 'text' ? block.text : '',
  };
}
