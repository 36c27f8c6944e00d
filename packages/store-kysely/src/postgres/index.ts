export { createPostgresBus, type EventCarrier, type PostgresBusOptions } from './create-postgres-bus.js';
export { createPostgresStore, type PostgresStore, type PostgresStoreOptions } from './create-postgres-store.js';
export { identifyDatabase } from './identify-database.js';
export { migratePostgres, type MigratePostgresOptions } from './migrate.js';
export type { SchemaChange } from '../schema-version.js';
