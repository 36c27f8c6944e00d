import { mapStore, type Store } from '@org/domain';

/** Wraps a store: each operation runs inside `trace`. */
export function tracedStore(store: Store, trace: <T>(name: string, run: () => Promise<T>) => Promise<T>): Store {
  return {
    ...mapStore(store, ({ operation, run }) => trace(operation, () => run())),
    ping: () => store.ping(),
    close: (withinMs) => store.close(withinMs),
  };
}
