import type { Row } from './row.js';
import { appendPostgres } from './rows/append-postgres.js';
import { cache } from './rows/cache.js';
import { growth } from './rows/growth.js';
import { httpPostgres } from './rows/http-postgres.js';
import { importLibrary } from './rows/import.js';
import { pool } from './rows/pool.js';
import { startStdio } from './rows/start-stdio.js';
import { stdioSqlite } from './rows/stdio-sqlite.js';
import { telemetry } from './rows/telemetry.js';

/** Every row there is, in the order of a full run. A new one is a file in `rows/` and a line here. */
export const rows: readonly Row[] = [
  appendPostgres,
  httpPostgres,
  stdioSqlite,
  startStdio,
  importLibrary,
  growth,
  cache,
  pool,
  telemetry,
];
