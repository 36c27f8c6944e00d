import type { Store } from '@org/domain';

/** A store, and what it was asked for. */
export interface WatchedStore {
  readonly store: Store;
  /** The names of the operations asked for since the last look. */
  readonly asked: () => string[];
}

/** @param interrupt comes before each operation; what it throws is the operation's answer */
export function watchStore(store: Store, interrupt: (operation: string) => void = () => undefined): WatchedStore {
  const names: string[] = [];
  return {
    store: new Proxy(store, {
      get: (target, name: keyof Store) => async (request: never) => {
        names.push(name);
        interrupt(name);
        return target[name](request);
      },
    }),
    asked: () => names.splice(0),
  };
}
