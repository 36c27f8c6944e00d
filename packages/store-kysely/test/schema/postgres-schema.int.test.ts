import { expect, it } from 'vitest';
import { migratePostgres } from '../../src/postgres/schema/migrate.js';
import { dumpPostgresSchema } from './dump-postgres-schema.js';
import { temporaryDatabase } from '@org/store-kysely/testing';

it('is what schema/postgres.sql says', async () => {
  const database = await temporaryDatabase();
  await migratePostgres(database.url);
  const schema = await dumpPostgresSchema(database);
  await database.drop();
  await expect(schema).toMatchFileSnapshot('../../schema/postgres.sql');
});
