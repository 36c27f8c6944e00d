import type { SessionRef, Store } from '../ports/store.js';

/** Makes a store write down a lapse of this session, if there is one: a refused write does that before it is refused. */
export async function storeLapse(store: Store, ref: SessionRef): Promise<void> {
  const note = { contextType: 'message', content: 'x', contentBytes: 1, estimatedTokens: 1, pinned: false } as const;
  await store.appendEntry({ ...ref, ...note, agent: 'passer-by', metadata: {} }).catch(() => undefined);
}
