import { describeStoreContract, describeStoreModel } from '@org/store-contract';
import { openCachedMemory, openCachedSqlite } from './open-cached.js';

describeStoreContract('a cache over memory, pages of 2', () => openCachedMemory({ pageSize: 2 }));
describeStoreContract('a cache over memory that keeps next to nothing', () => openCachedMemory({ maxBytes: 40_000 }));
describeStoreContract('a cache over SQLite, pages of 3', () => openCachedSqlite({ pageSize: 3 }));

describeStoreModel('a cache over memory, pages of 1', () => openCachedMemory({ pageSize: 1 }), { runs: 200 });
describeStoreModel('a cache over SQLite, pages of 2', () => openCachedSqlite({ pageSize: 2 }), { runs: 200 });
