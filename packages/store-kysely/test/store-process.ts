import { ContextStoreError, type ErrorBody } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import type { Answer, Call } from './fork-store.js';

/** The other side of `forkStore`: one store, served over IPC. */

const [path = ''] = process.argv.slice(2);
let skewMs = 0;
const opened = createSqliteStore({ path, clock: () => Date.now() + skewMs });

process.on('message', (call: Call) => {
  void perform(call).then(
    (value) => process.send?.({ id: call.id, value } satisfies Answer),
    (error: unknown) => process.send?.({ id: call.id, error: describe(error) } satisfies Answer),
  );
});

async function perform({ method, request }: Call): Promise<unknown> {
  if (method === 'advance') {
    skewMs += Number(request);
    return;
  }
  const store = await opened;
  return Reflect.apply(store[method], store, [request]);
}

function describe(error: unknown): ErrorBody {
  return error instanceof ContextStoreError
    ? error.toJSON()
    : { code: 'INTERNAL_ERROR', message: String(error), retryable: false, details: {} };
}
