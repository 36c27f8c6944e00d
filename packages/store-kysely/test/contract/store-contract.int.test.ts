import { describeStoreContract, takingTurns } from '@org/store-contract';
import { forkStore } from '../support/fork-store.js';
import { openSqlite } from './open-sqlite.js';
import { temporaryFile } from '../support/temporary-file.js';

describeStoreContract('SQLite in memory', () => openSqlite(':memory:'));

describeStoreContract('SQLite file', () => {
  const { path, remove } = temporaryFile();
  return openSqlite(path, remove);
});

describeStoreContract('SQLite file, written by two processes', async () => {
  const { path, remove } = temporaryFile();
  const processes = [forkStore(path), forkStore(path)];
  const store = takingTurns(processes.map((process) => process.store));
  return {
    store,
    advance: async (ms) => {
      await Promise.all(processes.map((process) => process.advance(ms)));
    },
    close: async () => {
      await store.close();
      await Promise.all(processes.map((process) => process.end()));
      remove();
    },
  };
});
