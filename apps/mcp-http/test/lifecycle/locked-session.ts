import type { TemporaryDatabase } from '@org/store-kysely/testing';
import { expect } from 'vitest';

/** Locks the sessions of a database, so that appends wait. Returns a function that releases the lock. */
export async function lockSessions(database: TemporaryDatabase): Promise<() => Promise<void>> {
  const locked = database
    .query(`with session as (select id from sessions for update) select pg_sleep(3600) from session`)
    .catch(() => undefined);
  const holders = (): Promise<Record<string, unknown>[]> =>
    database.query(`select pid from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`);
  await expect.poll(holders).toHaveLength(1);
  const [holder] = await holders();
  return async () => {
    await database.query(`select pg_terminate_backend($1)`, [holder?.['pid']]);
    await locked;
  };
}

/** Resolves when a statement waits for the lock. */
export async function untilStatementWaits(database: TemporaryDatabase): Promise<void> {
  const waits = (): Promise<unknown[]> =>
    database.query(`select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`);
  await expect.poll(waits, { interval: 20 }).not.toHaveLength(0);
}
