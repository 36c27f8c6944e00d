import { ContextStoreError } from '@org/domain';
import type { PostgresStoreOptions } from '@org/store-kysely/postgres';
import { longestTimerMs } from '@org/store-kysely/postgres/configuration';
import { z } from 'zod';

/** How a process uses a PostgreSQL database. Each has a default; SQLite has no use for any of them. */
export type PostgresSettings = Pick<
  PostgresStoreOptions,
  | 'poolSize'
  | 'maxWaiting'
  | 'connectTimeoutMs'
  | 'statementTimeoutMs'
  | 'idleInTransactionTimeoutMs'
  | 'transactionPooler'
>;

/** @throws VALIDATION_ERROR naming every setting that is wrong */
export function requirePostgresSettings(settings: PostgresSettings): void {
  const { error } = settingsSchema().safeParse(settings);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => ({ path: ['postgres', ...path].join('.'), message }));
  const message = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  throw new ContextStoreError('VALIDATION_ERROR', message, { issues });
}

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
  } satisfies Record<keyof PostgresSettings, z.ZodType>);
}
