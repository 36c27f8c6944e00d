import { describeConcurrency, describeStoreContract, describeStoreModel } from '@org/store-contract';
import { openCachedPostgres, openSharedPostgres, throughRedis } from './open-cached.js';

describeStoreContract('two caches over PostgreSQL, in Redis', () => openCachedPostgres(throughRedis(2)));

describeStoreModel('two caches over PostgreSQL, in Redis', () => openCachedPostgres(throughRedis(2)), { runs: 20 });

describeConcurrency('four caches over PostgreSQL, in Redis', () => openSharedPostgres(4, throughRedis(4)), {
  rounds: 5,
});
