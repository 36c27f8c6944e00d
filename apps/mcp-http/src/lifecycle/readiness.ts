import { ContextStoreError, withoutOutcome, type ContextStore } from '@org/context-store';
import { within } from '@org/redis-connection/within';

/** How long the database may take. Probes give up after two seconds or more, so they get an answer before that. */
const databaseLimitMs = 1500;

/**
 * Creates a check whether the database answers. Checks at the same time share one ping.
 *
 * @returns a function that resolves, within two seconds, to undefined if the database answers, and otherwise to the reason
 */
export function createDatabaseCheck(contextStore: Pick<ContextStore, 'ping'>): () => Promise<string | undefined> {
  let pinging: Promise<void> | undefined;
  return async () => {
    pinging ??= contextStore.ping().finally(() => {
      pinging = undefined;
    });
    try {
      await within(databaseLimitMs, pinging);
      return undefined;
    } catch (error) {
      return error instanceof ContextStoreError ? withoutOutcome(error) : 'The database does not answer.';
    }
  };
}
