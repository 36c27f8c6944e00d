import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { forkStore, type StoreProcess } from './fork-store.js';
import { raceAcceptors } from './race-acceptors.js';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';

describe('64 acceptors in 4 processes on PostgreSQL', () => {
  let database: TemporaryDatabase;
  let processes: StoreProcess[];

  beforeAll(async () => {
    database = await temporaryDatabase();
    await (await createPostgresStore(database)).close();
    processes = Array.from({ length: 4 }, () => forkStore(database.url));
  });
  afterAll(async () => {
    await Promise.all(processes.map(({ end }) => end()));
    await database.drop();
  });

  it('have one winner in each of 200 rounds', async () => {
    const stores = processes.map(({ store }) => store);
    await expect(raceAcceptors(stores, { rounds: 200, acceptors: 64 })).resolves.toBeUndefined();
  }, 120_000);
});
