#!/usr/bin/env node
import { packageVersion, runCommand } from './command.js';
import { databaseLocation, describeLocation } from './database-location.js';
import { environmentTable } from './environment.js';
import { migrateStore } from './open-store.js';

const { DATABASE_URL, DATABASE_CONNECT_TIMEOUT_MS, DATABASE_TRANSACTION_POOLER } = environmentTable;

await runCommand({
  name: 'context-store',
  version: packageVersion(import.meta.url),
  summary: 'Looks after the database of a context store.',
  environment: { DATABASE_URL, DATABASE_CONNECT_TIMEOUT_MS, DATABASE_TRANSACTION_POOLER },
  commands: {
    migrate: {
      summary:
        'Brings the database to the schema of this release. Safe to repeat, and to run from several places at once.',
      start: async (environment) => {
        const location = databaseLocation(environment.DATABASE_URL);
        const { from, to } = await migrateStore(location, {
          connectTimeoutMs: environment.DATABASE_CONNECT_TIMEOUT_MS,
          transactionPooler: environment.DATABASE_TRANSACTION_POOLER,
        });
        const done = from === to ? `already at schema ${to}` : `migrated from schema ${from} to ${to}`;
        process.stdout.write(`context-store: ${describeLocation(location)}: ${done}\n`);
      },
    },
  },
});
