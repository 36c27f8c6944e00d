export { createPostgresBus, type EventCarrier, type PostgresBusOptions } from './create-postgres-bus.js';
export { createPostgresStore, type PostgresStore, type PostgresStoreOptions } from './create-postgres-store.js';
export { identifyDatabase } from './schema/identify-database.js';
export { inspectPostgres, type PostgresInspection } from './inspect-postgres.js';
export { migratePostgres, type MigratePostgresOptions } from './schema/migrate.js';
export type { SchemaChange } from '../schema-version.js';
