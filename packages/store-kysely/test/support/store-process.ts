import type { Store } from '@org/domain';
import { serveStore } from '@org/store-contract/processes';

/** The other side of `forkStore`. */

const [location = ''] = process.argv.slice(2);
let skewMs = 0;
serveStore(openStore(), { advance: (ms) => void (skewMs += Number(ms)) });

/** A process loads the engine that it uses, and no other. */
async function openStore(): Promise<Store> {
  if (location.startsWith('postgres:')) {
    const { createPostgresStore } = await import('@org/store-kysely/postgres');
    return createPostgresStore({ url: location, clockOffsetMs: () => skewMs });
  }
  const { createSqliteStore } = await import('@org/store-kysely/sqlite');
  return createSqliteStore({ path: location, clock: () => Date.now() + skewMs });
}
