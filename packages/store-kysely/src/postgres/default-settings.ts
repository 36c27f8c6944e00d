import { availableParallelism } from 'node:os';

/** The settings of a store that is opened without any. */
export const defaultSettings = {
  /** Two connections for each core: one that works while another's answer is under way. */
  poolSize: availableParallelism() * 2,
  maxWaiting: 10_000,
  connectTimeoutMs: 5000,
  statementTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 10_000,
} as const;
