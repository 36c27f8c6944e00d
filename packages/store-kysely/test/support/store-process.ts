import { ContextStoreError, type ErrorBody, type Store } from '@org/domain';
import type { Answer, Call } from './fork-store.js';

/** The other side of `forkStore`: one store, served over IPC. */

const [location = ''] = process.argv.slice(2);
let skewMs = 0;
const opened = openStore();

process.on('message', (call: Call) => {
  void perform(call).then(
    (value) => process.send?.({ id: call.id, value } satisfies Answer),
    (error: unknown) => process.send?.({ id: call.id, error: describe(error) } satisfies Answer),
  );
});

/** A process loads the engine that it uses, and no other. */
async function openStore(): Promise<Store> {
  if (location.startsWith('postgres:')) {
    const { createPostgresStore } = await import('@org/store-kysely/postgres');
    return createPostgresStore({ url: location, clockOffsetMs: () => skewMs });
  }
  const { createSqliteStore } = await import('@org/store-kysely/sqlite');
  return createSqliteStore({ path: location, clock: () => Date.now() + skewMs });
}

// Connections would keep the process alive.
process.on('disconnect', () => void opened.then((store) => store.close()));

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
