export { createSqliteBus, type SqliteBusOptions } from './create-sqlite-bus.js';
export { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from './create-sqlite-store.js';
export type { SqliteFileState } from './files/sqlite-file-state.js';
export { inspectSqlite, type InspectSqliteOptions, type SqliteInspection } from './inspect-sqlite.js';
export { loadDriver as loadSqliteDriver } from './connection/load-driver.js';
export { migrateSqlite } from './schema/migrate-sqlite.js';
export { makeFolder } from './files/make-folder.js';
export type { SchemaChange } from '../schema-version.js';
