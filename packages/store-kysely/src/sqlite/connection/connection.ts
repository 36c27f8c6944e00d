import type { Database, Statement as PreparedStatement } from 'better-sqlite3';
import { lazily } from '../../lazily.js';
import { compileQuery, type BuildQuery } from '../../prepared-query.js';
import type { DatabaseFiles } from '../files/database-files.js';
import { createFileGuard } from '../files/file-guard.js';
import type { LogSpace } from '../files/log-space.js';

/** A statement, which is compiled and prepared when it first runs. */
export interface Statement<Arguments, Row> {
  /** The first row. */
  readonly get: (args: Arguments) => Row | undefined;
  readonly all: (args: Arguments) => Row[];
  readonly run: (args: Arguments) => void;
}

/** An open database, configured and with the schema of this release. */
export interface OpenDatabase {
  readonly database: Database;
  /** Undefined for a database in memory. */
  readonly files?: DatabaseFiles | undefined;
  /** Undefined for a database in memory. */
  readonly logSpace?: LogSpace | undefined;
}

/**
 * One open database. All methods except `reopen` are synchronous, so no other code runs during a transaction. After one
 * of the files was removed or replaced, they throw FilesChangedError until the database is opened again.
 */
export interface Connection {
  readonly prepare: <Arguments extends object, Row>(build: BuildQuery<Arguments, Row>) => Statement<Arguments, Row>;
  /**
   * Runs several reads on one snapshot. They do not wait for a writer.
   * @throws FilesChangedError, or a busy error (see `isBusy`), for instance while another process recovers the file
   */
  readonly readTransaction: <T>(run: () => T) => T;
  /**
   * Runs writes in a transaction that holds the write lock of the file. Rolls back if anything throws. If it returns,
   * the transaction was committed to the files at the path.
   * @throws a busy error before `run` was called; FilesChangedError, which says whether anything may have been written
   */
  readonly writeTransaction: <T>(run: () => T) => T;
  /**
   * Returns a number that changes when another connection has committed, or the database was opened again. Throws
   * driver errors.
   */
  readonly dataVersion: () => number;
  /**
   * Copies the log of writes into the file, and empties the log, which also holds older data. Does nothing while another
   * connection is in use.
   */
  readonly emptyLog: () => void;
  /** Empties the log of writes after the disk was full. Throws driver errors if there is no space for that either. */
  readonly freeLogSpace: () => void;
  /** Runs statements without results, such as those of a migration. */
  readonly execute: (script: string) => void;
  /** Which of the files was removed or replaced since it was opened. Undefined if none was. */
  readonly findChange: () => string | undefined;
  /**
   * Opens the files that are at the path now, after the open ones were removed or replaced.
   * @throws STORE_UNAVAILABLE or driver errors. The next call tries again
   */
  readonly reopen: () => Promise<void>;
  readonly close: () => void;
}

/** Closes a database whose files were removed or replaced, and opens the files that are at its path now. */
export type OpenAgain = (before: OpenDatabase) => Promise<OpenDatabase>;

const sameAgain: OpenAgain = async (before) => before;

export function createConnection(first: OpenDatabase, openAgain: OpenAgain = sameAgain): Connection {
  let opened = first;
  let timesReopened = 0;
  const guard = createFileGuard(() => opened);
  const prepareText = createPreparer(() => opened.database);
  const { begin, beginImmediate, commit, rollback, dataVersion } = prepareControl(prepareText);

  function transaction<T>(start: typeof begin, run: () => T, requireFiles: () => void): T {
    guard.requireUnchanged();
    start().run();
    try {
      const result = run();
      // If the index of the log was removed, other processes use another index. A commit would overwrite their commits.
      requireFiles();
      commit().run();
      return result;
    } finally {
      // After a full disk or an I/O error SQLite may have rolled back already.
      if (opened.database.inTransaction) rollback().run();
    }
  }

  return {
    prepare: prepareBuilt(prepareText),
    readTransaction: (run) => transaction(begin, run, guard.requireFiles),
    writeTransaction: (run) => {
      const result = transaction(beginImmediate, run, guard.requireFilesBeforeCommit);
      guard.requireFilesAfterCommit();
      opened.logSpace?.keepFree();
      return result;
    },
    dataVersion: () => {
      guard.requireUnchanged();
      return timesReopened * 2 ** 32 + (dataVersion().get()?.data_version ?? 0);
    },
    emptyLog: () => {
      guard.requireFiles();
      opened.database.pragma('wal_checkpoint(truncate)');
    },
    freeLogSpace: () => {
      guard.requireFiles();
      opened.logSpace?.free();
    },
    execute: (script) => {
      opened.database.exec(script);
    },
    findChange: guard.findChange,
    reopen: async () => {
      opened = await openAgain(opened);
      guard.reset();
      timesReopened += 1;
    },
    close: () => {
      opened.database.close();
    },
  };
}

type PrepareText = <Row>(text: string) => () => PreparedStatement<unknown[], Row>;

/** Prepares statements once, and again after the database was opened again. */
const createPreparer =
  (current: () => Database): PrepareText =>
  <Row>(text: string) => {
    let database = current();
    let statement = database.prepare<unknown[], Row>(text);
    return () => {
      if (database !== current()) {
        database = current();
        statement = database.prepare<unknown[], Row>(text);
      }
      return statement;
    };
  };

const prepareControl = (prepareText: PrepareText) => ({
  begin: prepareText('begin'),
  beginImmediate: prepareText('begin immediate'),
  commit: prepareText('commit'),
  rollback: prepareText('rollback'),
  dataVersion: prepareText<{ data_version: number }>('pragma data_version'),
});

const prepareBuilt =
  (prepareText: PrepareText): Connection['prepare'] =>
  <Arguments extends object, Row>(build: BuildQuery<Arguments, Row>): Statement<Arguments, Row> => {
    const prepared = lazily(() => {
      const { text, bind } = compileQuery(build);
      return { statement: prepareText<Row>(text), bind };
    });
    const use = <T>(
      args: Arguments,
      run: (statement: PreparedStatement<unknown[], Row>, values: unknown[]) => T,
    ): T => {
      const { statement, bind } = prepared();
      return run(statement(), bind(args));
    };
    return {
      get: (args) => use(args, (statement, values) => statement.get(values)),
      all: (args) => use(args, (statement, values) => statement.all(values)),
      run: (args) => {
        use(args, (statement, values) => statement.run(values));
      },
    };
  };
