import { describeConcurrency, describeStoreContract, describeStoreModel } from '@org/store-contract';
import { openCachedPostgres, openSharedPostgres } from './open-cached.js';

describeStoreContract('two caches over PostgreSQL, pages of 2', () => openCachedPostgres({ pageSize: 2 }));

describeStoreModel('two caches over PostgreSQL, pages of 2', () => openCachedPostgres({ pageSize: 2 }), { runs: 20 });

describeConcurrency('four caches over PostgreSQL', () => openSharedPostgres(4, { pageSize: 4 }), { rounds: 5 });
