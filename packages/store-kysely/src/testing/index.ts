export { startPgbouncer, type Pgbouncer } from './start-pgbouncer.js';
export { startPostgresServer, type PostgresServer, type PostgresServerOptions } from './start-postgres-server.js';
export { temporaryDatabase, type TemporaryDatabase } from './temporary-database.js';
export { unprivilegedUser, type User } from './unprivileged-user.js';
export { unusedPort } from './unused-port.js';
