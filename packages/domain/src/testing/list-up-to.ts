import type { HandoffPage, HandoffRecord, ListHandoffs, Store } from '../ports/store.js';

/** Reads page after page of a list, until `limit` handoffs are read or no more follow. */
export async function listUpTo(
  store: Store,
  { after, limit, ...listing }: ListHandoffs & { readonly after: number },
): Promise<Pick<HandoffPage, 'handoffs' | 'next'>> {
  const handoffs: HandoffRecord[] = [];
  let next = after;
  for (let more = true; more && handoffs.length < limit;) {
    const page = await store.listHandoffs({ ...listing, after: next, limit: limit - handoffs.length });
    handoffs.push(...page.handoffs);
    ({ next, more } = page);
  }
  return { handoffs, next };
}
