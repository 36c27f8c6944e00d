import type { PostgresStoreOptions } from '@org/store-kysely/postgres';
import { longestTimerMs } from '@org/store-kysely/postgres/configuration';
import { z } from 'zod';
import { requireSettings } from './require-settings.js';

/** How a process uses a PostgreSQL database. Each has a default; SQLite has no use for any of them. */
export type PostgresSettings = Pick<
  PostgresStoreOptions,
  | 'poolSize'
  | 'maxWaiting'
  | 'connectTimeoutMs'
  | 'statementTimeoutMs'
  | 'idleInTransactionTimeoutMs'
  | 'transactionPooler'
  | 'schema'
>;

/** @throws VALIDATION_ERROR naming every setting that is wrong */
export const requirePostgresSettings = (settings: PostgresSettings): void =>
  requireSettings('postgres', settingsSchema(), settings);

/** Made when it is needed: a process on SQLite starts sooner without it. */
function settingsSchema(): z.ZodType<PostgresSettings> {
  const milliseconds = z.int().min(1).max(longestTimerMs).optional();
  return z.strictObject({
    poolSize: z.int().min(1).optional(),
    maxWaiting: z.int().min(0).optional(),
    connectTimeoutMs: milliseconds,
    statementTimeoutMs: milliseconds,
    idleInTransactionTimeoutMs: milliseconds,
    transactionPooler: z.boolean().optional(),
    // PostgreSQL cuts longer names.
    schema: z.string().min(1).max(63).optional(),
  } satisfies Record<keyof PostgresSettings, z.ZodType>);
}
