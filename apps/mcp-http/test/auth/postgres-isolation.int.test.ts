import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterAll, beforeAll } from 'vitest';
import { describeIsolation } from './describe-isolation.js';

let database: TemporaryDatabase;
beforeAll(async () => {
  database = await temporaryDatabase();
});
afterAll(() => database.drop());

describeIsolation('on PostgreSQL', () => database.url);
