import type { Row } from './row.js';
import { appendPostgres } from './rows/append-postgres.js';
import { cache } from './rows/cache.js';
import { growth } from './rows/growth.js';
import { httpPostgres } from './rows/http-postgres.js';
import { importLibrary } from './rows/import.js';
import { startStdio } from './rows/start-stdio.js';
import { stdioSqlite } from './rows/stdio-sqlite.js';

/** All rows, in the order of a full run. */
export const rows: readonly Row[] = [
  appendPostgres,
  httpPostgres,
  stdioSqlite,
  startStdio,
  importLibrary,
  growth,
  cache,
];
