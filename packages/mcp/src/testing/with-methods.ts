import type { ContextStore } from '@org/domain';

/** Returns a context store whose views, itself included, have some methods of their own. `own` gets the plain view. */
export function withMethods(store: ContextStore, own: (view: ContextStore) => Partial<ContextStore>): ContextStore {
  return { ...store, ...own(store), as: (caller) => withMethods(store.as(caller), own) };
}
