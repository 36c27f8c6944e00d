import type { Subject } from './row.js';
import { appendPostgres } from './subjects/append-postgres.js';
import { growth } from './subjects/growth.js';
import { httpPostgres } from './subjects/http-postgres.js';
import { readsPostgres } from './subjects/reads-postgres.js';
import { startStdio } from './subjects/start-stdio.js';
import { stdioSqlite } from './subjects/stdio-sqlite.js';

/** In the order of a full run. */
export const subjects: readonly Subject[] = [
  appendPostgres,
  readsPostgres,
  httpPostgres,
  stdioSqlite,
  startStdio,
  growth,
];
