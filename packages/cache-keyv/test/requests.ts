import type { AppendEntry, ReadBriefing, ReadEntries, Store } from '@org/domain';

export const work = { namespace: 'default', sessionKey: 'work' };

export const readWork = (request: Partial<ReadEntries> = {}): ReadEntries => ({
  ...work,
  direction: 'descending',
  afterSequence: 0,
  limit: 100,
  contentOffset: 0,
  maxContentLength: 21_000,
  ...request,
});

export const briefWork = (request: Partial<ReadBriefing> = {}): ReadBriefing => ({
  ...work,
  pinnedLimit: 20,
  newestLimit: 40,
  maxContentLength: 7000,
  ...request,
});

export const createWork = (store: Store): ReturnType<Store['createSession']> =>
  store.createSession({ ...work, agent: 'planner', metadata: {}, ifExists: 'error' });

/** Appends entries. Every third is pinned. */
export async function appendWork(
  store: Store,
  count: number,
  of: (index: number) => Partial<AppendEntry> = () => ({}),
): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const { content = `note ${index}`, ...rest } = of(index);
    await store.appendEntry({
      ...work,
      agent: 'planner',
      contextType: 'message',
      content,
      contentBytes: Buffer.byteLength(content),
      estimatedTokens: 2,
      metadata: { index },
      pinned: index % 3 === 0,
      ...rest,
    });
  }
}
