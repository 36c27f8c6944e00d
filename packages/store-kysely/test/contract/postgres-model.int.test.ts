import { describeConcurrency, describeStoreModel } from '@org/store-contract';
import { openPostgres, openSharedPostgres } from './open-postgres.js';

describeStoreModel('PostgreSQL, written by two stores', () => openPostgres(2), { runs: 20 });

describeConcurrency('PostgreSQL, four stores', () => openSharedPostgres(4), { rounds: 5 });
