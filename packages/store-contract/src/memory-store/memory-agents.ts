import { limits, type Store } from '@org/domain';
import type { MemoryState } from './memory-state.js';

export const memoryAgents = (state: MemoryState): Pick<Store, 'noteAgents' | 'listAgents'> => ({
  noteAgents: async ({ namespace, names }) => {
    const seen = new Map(state.seenAgents.get(namespace));
    for (const name of names) seen.set(name, Math.max(state.now(), seen.get(name) ?? 0));
    state.seenAgents.set(namespace, new Map(newestFirst(seen).slice(0, limits.agentsKept)));
  },

  listAgents: async ({ namespace, limit }) =>
    newestFirst(state.seenAgents.get(namespace) ?? new Map())
      .slice(0, limit)
      .map(([name]) => name),
});

/** Names that were seen at one moment are in the order of their bytes. They are ASCII. */
const newestFirst = (seen: ReadonlyMap<string, number>): [name: string, seenAtMs: number][] =>
  [...seen].toSorted(([a, atMs], [b, btMs]) => btMs - atMs || (a < b ? -1 : 1));
