import type { PostgresStoreOptions } from '@org/store-kysely/postgres';
import { longestTimerMs } from '@org/store-kysely/postgres/configuration';
import { z } from 'zod';
import { requireSettings } from './require-settings.js';

/** The settings of a process on PostgreSQL. All have defaults. */
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

/** @throws VALIDATION_ERROR (names every wrong setting) */
export const requirePostgresSettings = (settings: PostgresSettings): void =>
  requireSettings('postgres', postgresSchema(), settings);

let schema: z.ZodType<PostgresSettings> | undefined;

/** Schema of {@link PostgresSettings}. Created once: several steps of a start check them. */
export const postgresSchema = (): z.ZodType<PostgresSettings> => (schema ??= createSchema());

function createSchema(): z.ZodType<PostgresSettings> {
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
