import { availableParallelism } from 'node:os';

/** The default settings of a store. */
export const defaultSettings = {
  /** Two connections for each core: one works while the answer of the other is being sent. */
  poolSize: availableParallelism() * 2,
  maxWaiting: 10_000,
  connectTimeoutMs: 5000,
  statementTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 10_000,
} as const;
