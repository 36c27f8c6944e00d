export { createSqliteBus, type SqliteBusOptions } from './create-sqlite-bus.js';
export { createSqliteStore, type SqliteStore, type SqliteStoreOptions } from './create-sqlite-store.js';
