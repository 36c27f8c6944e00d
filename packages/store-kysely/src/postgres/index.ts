export { createPostgresStore, type PostgresStoreOptions } from './create-postgres-store.js';
export { migratePostgres, type MigratePostgresOptions } from './migrate.js';
export type { SchemaChange } from '../schema-version.js';
