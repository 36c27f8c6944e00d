import { ContextStoreError, type ErrorBody, type Store } from '@org/domain';
import type { Answer, Call } from './messages.js';

/**
 * Serves a store to the process that forked this one: see `connectStore`. Closes it when that process disconnects.
 *
 * @param methods what `StoreProcess.call` can call in addition. They do not wait until the store is open
 */
export function serveStore(
  opened: Promise<Store>,
  methods: Readonly<Record<string, (request: unknown) => unknown>> = {},
): void {
  const perform = async ({ method, request }: Call): Promise<unknown> => {
    const own = methods[method];
    if (own !== undefined) return own(request);
    const store = await opened;
    return Reflect.apply(store[method as keyof Store], store, [request]);
  };
  process.on('message', (call: Call) => {
    void perform(call).then(
      (value) => process.send?.({ id: call.id, value } satisfies Answer),
      (error: unknown) => process.send?.({ id: call.id, error: describe(error) } satisfies Answer),
    );
  });
  // Connections of the store would keep the process alive.
  process.on('disconnect', () => void opened.then((store) => store.close()));
}

function describe(error: unknown): ErrorBody {
  return error instanceof ContextStoreError
    ? error.toJSON()
    : { code: 'INTERNAL_ERROR', message: String(error), retryable: false, details: {} };
}
