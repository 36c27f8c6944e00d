import { Client } from '@modelcontextprotocol/client';
import { InMemoryTransport, type McpServerFactory } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import {
  createContextStore,
  createMemoryBus,
  type ContextStore,
  type ContextStoreOptions,
  type StoreEvent,
  type UseCaseName,
} from '@org/domain';
import { createMemoryStore } from '@org/store-contract';
import { createMcpServerFactory, type McpServerFactoryOptions } from '../src/create-mcp-server-factory.js';
import { serveMcpStdio, type ServeMcpStdioOptions } from '../src/stdio/serve-mcp-stdio.js';

export const eras = ['legacy', 'modern'] as const;
export type Era = (typeof eras)[number];

export const memoryContextStore = (options?: ContextStoreOptions): ContextStore =>
  createContextStore({ store: createMemoryStore() }, options);

export interface ObservedContextStore {
  readonly contextStore: ContextStore;
  /** The number of calls that wait for offers. After a change elsewhere, the store is read for each of them. */
  readonly waiting: () => Promise<number>;
  /** The number of listeners for events. */
  readonly listeners: () => number;
  /** Another process on the same store. This process gets only the events that `publish` sends. */
  readonly elsewhere: ContextStore;
  readonly publish: (event: StoreEvent) => void;
}

export function observedContextStore(options?: ContextStoreOptions): ObservedContextStore {
  const [store, bus] = [createMemoryStore(), createMemoryBus()];
  let listeners = 0;
  let askedFor = 0;
  const contextStore = createContextStore(
    {
      store: {
        ...store,
        peekInboxes: (inboxes) => {
          askedFor = inboxes.length;
          return store.peekInboxes(inboxes);
        },
      },
      bus: {
        ...bus,
        subscribe: (listener) => {
          listeners += 1;
          const unsubscribe = bus.subscribe(listener);
          return () => {
            listeners -= 1;
            unsubscribe();
          };
        },
      },
    },
    options,
  );
  const publish = (event: StoreEvent): void => bus.publish(event);
  const waiting = async (): Promise<number> => {
    askedFor = 0;
    publish({ kind: 'something_changed' });
    await new Promise(setImmediate);
    return askedFor;
  };
  return { contextStore, waiting, listeners: () => listeners, elsewhere: createContextStore({ store }), publish };
}

export const factoryOver = (
  contextStore: ContextStore,
  options: Partial<McpServerFactoryOptions> = {},
): McpServerFactory => createMcpServerFactory({ contextStore, version: '1.2.3', ...options });

/** Connects an official client to a server of the factory. */
export async function connect(factory: McpServerFactory, era: Era, name?: string): Promise<Client> {
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  serveStdio(factory, { transport: serverSide });
  return clientOver(clientSide, era, name);
}

/** Connects an official client to a server as `mcp-stdio` runs it. */
export async function connectStdio(
  options: Partial<ServeMcpStdioOptions> & Pick<ServeMcpStdioOptions, 'contextStore'>,
  era: Era,
  name?: string,
): Promise<Client> {
  const [clientSide, transport] = InMemoryTransport.createLinkedPair();
  serveMcpStdio({ version: '1.2.3', transport, ...options });
  return clientOver(clientSide, era, name);
}

async function clientOver(transport: InMemoryTransport, era: Era, name = 'Test Client'): Promise<Client> {
  const mode = era === 'modern' ? { pin: '2026-07-28' } : 'legacy';
  const client = new Client({ name, version: '1' }, { versionNegotiation: { mode } });
  await client.connect(transport);
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
