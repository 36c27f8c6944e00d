import type { Store } from '@org/domain';
import { storeFrom } from './store-from.js';

/** Creates a store whose calls go to several stores on the same data, in turn. It closes them all. */
export function takingTurns(stores: readonly Store[]): Store {
  let turn = 0;
  return storeFrom(async (method, request) => {
    if (method === 'close') return Promise.all(stores.map((store) => store.close()));
    turn += 1;
    const store = stores[turn % stores.length] as Store;
    return Reflect.apply(store[method], store, [request]) as Promise<unknown>;
  });
}
