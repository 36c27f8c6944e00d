import { ContextStoreError } from '@org/domain';
import type { PostgresStoreOptions } from '@org/store-kysely/postgres';
import { z } from 'zod';

/** How a process uses a PostgreSQL database. Each has a default; SQLite has no use for any of them. */
export interface PostgresSettings extends Pick<
  PostgresStoreOptions,
  'poolSize' | 'maxWaiting' | 'connectTimeoutMs' | 'statementTimeoutMs' | 'idleInTransactionTimeoutMs'
> {
  /** Whether a pooler in transaction mode, such as PgBouncer, stands between this process and the server. Default: no. */
  readonly transactionPooler?: boolean | undefined;
}

const count = z.int().min(1).optional();

const settingsSchema = z.strictObject({
  poolSize: count,
  maxWaiting: z.int().min(0).optional(),
  connectTimeoutMs: count,
  statementTimeoutMs: count,
  idleInTransactionTimeoutMs: count,
  transactionPooler: z.boolean().optional(),
} satisfies Record<keyof PostgresSettings, z.ZodType>);

/** @throws VALIDATION_ERROR naming every setting that is wrong */
export function requirePostgresSettings(settings: PostgresSettings): void {
  const { error } = settingsSchema.safeParse(settings);
  if (error === undefined) return;
  const issues = error.issues.map(({ path, message }) => ({ path: ['postgres', ...path].join('.'), message }));
  const message = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  throw new ContextStoreError('VALIDATION_ERROR', message, { issues });
}
