import { describeStoreContract } from '@org/store-contract';
import { openPostgres } from './open-postgres.js';

describeStoreContract('PostgreSQL', () => openPostgres(1));

describeStoreContract('PostgreSQL, written by two stores', () => openPostgres(2));
