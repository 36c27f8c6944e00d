import { describeStoreContract } from '@org/store-contract';
import { openCachedMemory, openCachedPostgres, openCachedSqlite } from './open-cached.js';

// Small pages, which `npm test` uses, find more. These are the pages that users have.
describeStoreContract('a cache over memory', () => openCachedMemory({}));
describeStoreContract('a cache over SQLite', () => openCachedSqlite({}));
describeStoreContract('two caches over PostgreSQL', () => openCachedPostgres({}));
