import { mapStore, type Store } from '@org/domain';

/** A store that records its calls. */
export interface WatchedStore {
  readonly store: Store;
  /** Returns the names of the operations that were called since it was last called. */
  readonly asked: () => string[];
}

/** @param interrupt runs before each operation. An error that it throws becomes the operation's */
export function watchStore(store: Store, interrupt: (operation: string) => void = () => undefined): WatchedStore {
  const names: string[] = [];
  return {
    store: {
      ...store,
      ...mapStore(store, async ({ operation, run }) => {
        names.push(operation);
        interrupt(operation);
        return run();
      }),
    },
    asked: () => names.splice(0),
  };
}
