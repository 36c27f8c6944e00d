import { describeConcurrency, describeStoreModel } from '@org/store-contract';
import { openProcesses } from './open-processes.js';
import { openSqlite } from './open-sqlite.js';
import { temporaryFile } from '../support/temporary-file.js';

describeStoreModel('SQLite', () => openSqlite(':memory:'), { runs: 200 });

describeConcurrency('SQLite, four processes', async () => {
  const { path, remove } = temporaryFile();
  await (await openSqlite(path)).close();
  return openProcesses(path, 4, remove);
});
