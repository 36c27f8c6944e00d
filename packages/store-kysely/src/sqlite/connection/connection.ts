import type { Database, Statement as PreparedStatement } from 'better-sqlite3';
import { compileQuery, type BuildQuery } from '../../prepared-query.js';
import type { DatabaseFiles } from '../files/database-files.js';
import { createFileGuard } from '../files/file-guard.js';
import type { LogSpace } from '../files/log-space.js';

/** A statement that was compiled and prepared when the store opened. */
export interface Statement<Arguments, Row> {
  /** The first row. */
  readonly get: (args: Arguments) => Row | undefined;
  readonly all: (args: Arguments) => Row[];
  readonly run: (args: Arguments) => void;
}

/** A database that is open, configured and of the right schema. */
export interface OpenDatabase {
  readonly database: Database;
  /** Undefined for a database in memory. */
  readonly files?: DatabaseFiles | undefined;
  /** Undefined for a database in memory. */
  readonly logSpace?: LogSpace | undefined;
}

/**
 * One open database. Everything here but `reopen` is synchronous: between a transaction's begin and its end nothing else
 * runs. Once one of its files was removed or replaced, all of it throws FilesChangedError until it is opened again.
 */
export interface Connection {
  readonly prepare: <Arguments extends object, Row>(build: BuildQuery<Arguments, Row>) => Statement<Arguments, Row>;
  /**
   * Runs several reads on one snapshot. They need no lock that a writer holds.
   * @throws FilesChangedError, or a busy error (see `isBusy`), for instance while another process recovers the file
   */
  readonly readTransaction: <T>(run: () => T) => T;
  /**
   * Holds the write lock of the file from before `run` until it is committed, or rolled back if anything throws. What it
   * returns was committed to the files that lie at the path.
   * @throws a busy error before anything ran; FilesChangedError, which says whether anything may have been written
   */
  readonly writeTransaction: <T>(run: () => T) => T;
  /** A number that changes when another connection has committed, or the database was opened again. @throws driver errors */
  readonly dataVersion: () => number;
  /**
   * Copies what was written lately from the log of writes into the file, and empties the log, which holds what was there
   * before. It does neither while another connection is at work.
   */
  readonly emptyLog: () => void;
  /** Empties the log of writes after the disk was full. @throws driver errors, when there is no room for that either */
  readonly freeLogSpace: () => void;
  /** Runs statements without results, such as those of a migration. */
  readonly execute: (script: string) => void;
  /** Which of the files was removed or replaced since it was opened; undefined if none was. */
  readonly findChange: () => string | undefined;
  /**
   * Opens what lies at the path now, in place of files that were removed or replaced.
   * @throws STORE_UNAVAILABLE, driver errors; the next call tries again
   */
  readonly reopen: () => Promise<void>;
  readonly close: () => void;
}

/** Closes a database whose files were removed or replaced, and opens what lies at its path now. */
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
      // A log whose index was removed has another index for other processes: a commit would write over theirs.
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

/** Prepares statements once, and once more on a database that was opened since. */
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
    const { text, bind } = compileQuery(build);
    const statement = prepareText<Row>(text);
    return {
      get: (args) => statement().get(bind(args)),
      all: (args) => statement().all(bind(args)),
      run: (args) => {
        statement().run(bind(args));
      },
    };
  };
