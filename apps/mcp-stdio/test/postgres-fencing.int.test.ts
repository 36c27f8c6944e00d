import { randomUUID } from 'node:crypto';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll } from 'vitest';
import { describeFencing } from './describe-fencing.js';

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

describeFencing('PostgreSQL', async () => ({ DATABASE_URL: database.url, CONTEXT_NAMESPACE: randomUUID() }));
