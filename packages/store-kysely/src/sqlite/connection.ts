import type { Database } from 'better-sqlite3';
import { compileQuery, type BuildQuery } from '../prepared-query.js';

/** A statement that was compiled and prepared when the store opened. */
export interface Statement<Arguments, Row> {
  /** The first row. */
  readonly get: (args: Arguments) => Row | undefined;
  readonly all: (args: Arguments) => Row[];
  readonly run: (args: Arguments) => void;
}

/** One open database. Everything here is synchronous: between a transaction's begin and its end nothing else runs. */
export interface Connection {
  readonly prepare: <Arguments extends object, Row>(build: BuildQuery<Arguments, Row>) => Statement<Arguments, Row>;
  /**
   * Runs several reads on one snapshot. They need no lock that a writer holds.
   * @throws a busy error (see `isBusy`), for instance while another process recovers the file
   */
  readonly readTransaction: <T>(run: () => T) => T;
  /**
   * Holds the write lock of the file from before `run` until it is committed, or rolled back if anything throws.
   * @throws a busy error before anything ran
   */
  readonly writeTransaction: <T>(run: () => T) => T;
  /** A number that changes when another connection has committed. @throws driver errors */
  readonly dataVersion: () => number;
  /**
   * Copies what was written lately from the log of writes into the file, and empties the log, which holds what was there
   * before. It does neither while another connection is at work.
   */
  readonly emptyLog: () => void;
  /** Runs statements that answer nothing, such as those of a migration. */
  readonly execute: (script: string) => void;
  readonly close: () => void;
}

export function createConnection(database: Database): Connection {
  const begin = database.prepare('begin');
  const beginImmediate = database.prepare('begin immediate');
  const commit = database.prepare('commit');
  const rollback = database.prepare('rollback');
  const dataVersion = database.prepare<[], number>('pragma data_version').pluck();

  function transaction<T>(start: typeof begin, run: () => T): T {
    start.run();
    try {
      const result = run();
      commit.run();
      return result;
    } finally {
      // After a full disk or an I/O error SQLite may have rolled back by itself.
      if (database.inTransaction) rollback.run();
    }
  }

  return {
    prepare: <Arguments extends object, Row>(build: BuildQuery<Arguments, Row>): Statement<Arguments, Row> => {
      const { text, bind } = compileQuery(build);
      const statement = database.prepare<unknown[], Row>(text);
      return {
        get: (args) => statement.get(bind(args)),
        all: (args) => statement.all(bind(args)),
        run: (args) => {
          statement.run(bind(args));
        },
      };
    },
    readTransaction: (run) => transaction(begin, run),
    writeTransaction: (run) => transaction(beginImmediate, run),
    dataVersion: () => dataVersion.get() ?? 0,
    emptyLog: () => {
      database.pragma('wal_checkpoint(truncate)');
    },
    execute: (script) => {
      database.exec(script);
    },
    close: () => {
      database.close();
    },
  };
}
