import { describeConcurrency, describeStoreModel } from '@org/domain/testing';
import { openPostgres, openSharedPostgres } from './open-postgres.js';

describeStoreModel('PostgreSQL, written by two stores', () => openPostgres(2), { runs: 20 });

describeConcurrency('PostgreSQL, four stores', () => openSharedPostgres(4), { rounds: 5 });
