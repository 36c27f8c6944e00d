import { storeOperations, type Store } from '@org/domain';

/** Creates a store whose methods all call one function, with their name and their argument. */
export function storeFrom(call: (method: keyof Store, request: unknown) => Promise<unknown>): Store {
  const methods = [...storeOperations, 'ping', 'close'] as const;
  // Which answer belongs to which method is for `call` to know.
  return Object.fromEntries(
    methods.map((method) => [method, (request: unknown) => call(method, request)]),
  ) as unknown as Store;
}
