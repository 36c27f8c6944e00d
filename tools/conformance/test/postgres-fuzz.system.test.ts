import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll } from 'vitest';
import { describeFuzzing } from './fuzz/describe-fuzzing.js';

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

describeFuzzing('on PostgreSQL', { databaseUrl: () => database.url, cases: 8000 });
