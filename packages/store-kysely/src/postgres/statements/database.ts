import { lazily } from '../../lazily.js';
import { compileQuery, type BuildQuery } from '../../prepared-query.js';
import type { ClockArguments } from './clock.js';
import type { ConnectionPool } from '../connection/connection-pool.js';
import { qualifyTables } from './qualify-tables.js';

/** Runs a statement, which is compiled when it first runs: a process that opens a store may need few of them. */
export type Run<Arguments, Row> = (args: Arguments) => Promise<Row[]>;

/** The argument of the clock is filled in for every run. */
type Build<Arguments extends object, Row> = BuildQuery<Arguments & ClockArguments, Row>;

/** Compiles statements for PostgreSQL. The name of a statement identifies it on the server and in telemetry. */
export interface Database {
  /** For a statement that may be repeated: it runs again if its connection breaks. */
  readonly prepareRead: <Arguments extends object, Row>(
    name: string,
    build: Build<Arguments, Row>,
  ) => Run<Arguments, Row>;
  /** For a statement that changes data: it never runs again once it may have been carried out. */
  readonly prepareWrite: <Arguments extends object, Row>(
    name: string,
    build: Build<Arguments, Row>,
  ) => Run<Arguments, Row>;
}

/** Returns the row of a statement that always has one. */
export function onlyRow<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('A statement of one row returned none.');
  return row;
}

export interface DatabaseOptions {
  /** Where the tables are. */
  readonly schema: string;
  /** How far the store's clock is ahead of the database's, asked for every run. */
  readonly clockOffsetMs: () => number;
}

export function createDatabase(
  pool: Pick<ConnectionPool, 'run'>,
  { schema, clockOffsetMs }: DatabaseOptions,
): Database {
  function prepare<Arguments extends object, Row>(
    name: string,
    build: Build<Arguments, Row>,
    isRepeatable: boolean,
  ): Run<Arguments, Row> {
    const compiled = lazily(() => {
      const { text, bind } = compileQuery(build);
      return { text: qualifyTables(text, schema), bind };
    });
    return (args) => {
      const { text, bind } = compiled();
      const values = bind({ ...args, clockOffsetMs: clockOffsetMs() });
      return pool.run<Row>({ name, text, values, isRepeatable });
    };
  }
  return {
    prepareRead: (name, build) => prepare(name, build, true),
    prepareWrite: (name, build) => prepare(name, build, false),
  };
}
