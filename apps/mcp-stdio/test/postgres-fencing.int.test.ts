import { temporaryDatabase } from '@org/store-kysely/testing';
import { onTestFinished } from 'vitest';
import { describeFencing } from './describe-fencing.js';

describeFencing('PostgreSQL', async () => {
  const database = await temporaryDatabase();
  onTestFinished(() => database.drop());
  return database.url;
});
