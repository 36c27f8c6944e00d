import { existsSync } from 'node:fs';
import { describeLocation, type DatabaseLocation } from '@org/context-store';
import { contextStoreOptions, openConfiguredStore } from '@org/context-store/environment';
import type { RequestCaller } from '@org/domain';
import { CommandError } from '../failure.js';
import type { DatabasePlace } from './find-place.js';
import type { DatabaseTarget } from './target.js';

/** Looking at an inbox here does not mean that its agent is at work. */
const observer: RequestCaller = { isObserver: true };

/**
 * Opens the store of a database. Never creates or migrates it, because other programs may use it.
 * @throws CommandError (the file is missing), STORE_UNAVAILABLE, VALIDATION_ERROR
 */
export async function openDatabaseTarget({ location, environment }: DatabasePlace): Promise<DatabaseTarget> {
  requireFile(location);
  const options = contextStoreOptions(environment);
  // Without Redis and a cache, which take time to open and serve longer work.
  const store = await openConfiguredStore({ ...options, migrate: false, redis: undefined, cache: undefined });
  const looking = store.as(observer);
  return {
    ...store,
    listHandoffs: (input) => looking.listHandoffs(input),
    place: describeLocation(location),
    namespace: environment.CONTEXT_NAMESPACE,
  };
}

function requireFile(location: DatabaseLocation): void {
  if (location.engine === 'postgres' || location.path === ':memory:' || existsSync(location.path)) return;
  throw new CommandError(
    'notFound',
    `There is no database at ${location.path}. Set DATABASE_URL or CONTEXT_SERVER, or create it with context-store migrate.`,
  );
}
