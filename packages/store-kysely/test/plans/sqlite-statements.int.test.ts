import { noTelemetry } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { appendWork, createWork } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

it('tells of statements and commits that failed, by the code of SQLite, and not of refusals', async () => {
  const file = temporaryFile();
  onTestFinished(file.remove);
  const recorded: [statement: string, failure: string | undefined][] = [];
  const store = await createSqliteStore({
    path: file.path,
    telemetry: {
      ...noTelemetry,
      recordStatement: (statement, _durationMs, _system, failure) => recorded.push([statement, failure]),
    },
  });
  onTestFinished(() => store.close());
  const other = new Sqlite(file.path);
  onTestFinished(() => void other.close());

  await store.createSession(createWork);
  await expect(store.createSession(createWork)).rejects.toMatchObject({ code: 'SESSION_EXISTS' });
  // The deferred foreign key is checked when the transaction ends.
  other.exec(`create table strays (id integer references sessions deferrable initially deferred);
    create trigger stray after insert on context_history begin insert into strays values (-1); end`);
  await expect(store.appendEntry(appendWork('x'))).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  other.exec('drop table context_history');
  await expect(store.appendEntry(appendWork('x'))).rejects.toMatchObject({ code: 'INTERNAL_ERROR' });
  expect(recorded).toEqual([
    ['create_session', undefined],
    ['commit', undefined],
    ['create_session', undefined],
    ['commit', undefined],
    ['append_entry', undefined],
    ['commit', 'SQLITE_CONSTRAINT'],
    ['append_entry', 'SQLITE_ERROR'],
  ]);
});
