import type { HandoffPage, HandoffPosition, HandoffRecord, ListHandoffs, SessionRef, Store } from '@org/domain';
import type { Step } from './model-step.js';

/** Reads pages of a list, up to `limit` handoffs in all. */
export async function listUpTo(
  store: Store,
  { after = 0, limit, ...listing }: ListHandoffs,
): Promise<Pick<HandoffPage, 'handoffs' | 'next'>> {
  const handoffs: HandoffRecord[] = [];
  let next: HandoffPosition = after;
  for (let more = true; more && handoffs.length < limit;) {
    const page = await store.listHandoffs({ ...listing, after: next, limit: limit - handoffs.length });
    handoffs.push(...page.handoffs);
    ({ next, more } = page);
  }
  return { handoffs, next };
}

/** Makes a store write down a lapse: a write does so first, even if it is refused. */
export async function storeLapse(store: Store, ref: SessionRef): Promise<void> {
  const note = { contextType: 'message', content: 'x', contentBytes: 1, estimatedTokens: 1, pinned: false } as const;
  await store.appendEntry({ ...ref, ...note, agent: 'passer-by', metadata: {} }).catch(() => undefined);
}

/** Lists the names that were seen by their alphabet: stores may have noted two of them at one moment, or not. */
export const listAgents = (namespace: string): Step => ({
  text: 'listAgents',
  run: async ({ store }) => (await store.listAgents({ namespace, limit: 100 })).toSorted(),
});
