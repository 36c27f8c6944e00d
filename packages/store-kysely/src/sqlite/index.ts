export { createSqliteStore, type SqliteStoreOptions } from './create-sqlite-store.js';
export { migrateSqlite } from './migrate-sqlite.js';
export type { SchemaChange } from '../schema-version.js';
