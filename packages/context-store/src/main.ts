#!/usr/bin/env node
import { packageVersion, runCommand } from './command.js';
import { databaseLocation, describeLocation } from './database-location.js';
import { environmentTable } from './environment.js';
import { migrateStore } from './open-store.js';

await runCommand({
  name: 'context-store',
  version: packageVersion(import.meta.url),
  summary: 'Looks after the database of a context store.',
  environment: { DATABASE_URL: environmentTable.DATABASE_URL },
  commands: {
    migrate: {
      summary:
        'Brings the database to the schema of this release. Safe to repeat, and to run from several places at once.',
      start: async ({ DATABASE_URL }) => {
        const location = databaseLocation(DATABASE_URL);
        const { from, to } = await migrateStore(location);
        const done = from === to ? `already at schema ${to}` : `migrated from schema ${from} to ${to}`;
        process.stdout.write(`context-store: ${describeLocation(location)}: ${done}\n`);
      },
    },
  },
});
