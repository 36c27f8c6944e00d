import { describeConcurrency } from '@org/store-contract';
import { migratePostgres } from '@org/store-kysely/postgres';
import { temporaryDatabase } from '@org/store-kysely/testing';
import { openProcesses } from './open-processes.js';

describeConcurrency(
  'PostgreSQL, four processes',
  async () => {
    const { url, drop } = await temporaryDatabase();
    await migratePostgres(url);
    return openProcesses(url, 4, drop);
  },
  { rounds: 200 },
);
