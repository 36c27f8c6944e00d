export type { PoolState, PostgresObserver } from './connection-pool.js';
export { createPostgresStore, type PostgresStoreOptions } from './create-postgres-store.js';
export { migratePostgres } from './migrate.js';
export type { SchemaChange } from '../schema-version.js';
