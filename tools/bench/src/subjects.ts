import type { Subject } from './row.js';
import { appendPostgres } from './subjects/append-postgres.js';
import { growth } from './subjects/growth.js';
import { httpPostgres } from './subjects/http-postgres.js';
import { httpReads } from './subjects/http-reads.js';
import { offersPostgres } from './subjects/offers-postgres.js';
import { openPostgres } from './subjects/open-postgres.js';
import { readsPostgres } from './subjects/reads-postgres.js';
import { startStdio } from './subjects/start-stdio.js';
import { stdioSqlite } from './subjects/stdio-sqlite.js';

/** In the order of a full run. */
export const subjects: readonly Subject[] = [
  appendPostgres,
  readsPostgres,
  offersPostgres,
  openPostgres,
  httpPostgres,
  httpReads,
  stdioSqlite,
  startStdio,
  growth,
];
