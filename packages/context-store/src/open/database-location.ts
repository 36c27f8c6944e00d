import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ContextStoreError } from '@org/domain';
import { findUrlProblem, nameServer, serverUrls } from '@org/store-kysely/postgres/configuration';

const scheme = 'sqlite:';
const inMemory = ':memory:';

/** Where a context store keeps its data. */
export type DatabaseLocation = SqliteLocation | PostgresLocation;

/** A SQLite database. */
export interface SqliteLocation {
  /** Tells it from a {@link PostgresLocation}. */
  readonly engine: 'sqlite';
  /** An absolute path, or `:memory:`. */
  readonly path: string;
  /** Whether the path is the default one: then the store creates its folder. */
  readonly isDefault: boolean;
}

/** A PostgreSQL database. */
export interface PostgresLocation {
  /** Tells it from a {@link SqliteLocation}. */
  readonly engine: 'postgres';
  /** The URL as it was given. It may hold a password. */
  readonly url: string;
}

/**
 * Reads `postgres://user:password@host:port/database` (or `postgresql://`, with libpq's parameters after a `?`),
 * `sqlite:PATH` (relative to the working folder) or `sqlite::memory:`. Default: `context.db` in `context-store` in the
 * user's data folder, by the XDG Base Directory Specification.
 * @throws VALIDATION_ERROR (the text is wrong, which the message does not repeat; or the user has no home folder)
 */
export function databaseLocation(database?: string): DatabaseLocation {
  if (database === undefined) return { engine: 'sqlite', path: join(dataFolder(), 'context.db'), isDefault: true };
  // A path would keep the white space, and name another file than the caller means.
  if (database !== database.trim()) throw invalid('white space is before or after it; leave that out.');
  if (/^postgres(ql)?:/.test(database)) return postgresLocation(database);
  if (!database.startsWith(scheme)) throw invalid('not a database of ours; use postgres://… or sqlite:PATH.');
  const path = database.slice(scheme.length);
  if (path === '') throw invalid('the path is missing; use sqlite:PATH or sqlite::memory:.');
  if (path.startsWith('//'))
    throw invalid('this is not a URL; use sqlite:/absolute/path.db or sqlite:relative/path.db.');
  if (path.startsWith('~/')) throw invalid('~ is not expanded; write the path out.');
  return { engine: 'sqlite', path: path === inMemory ? path : resolve(path), isDefault: false };
}

function postgresLocation(url: string): PostgresLocation {
  const problem = findUrlProblem(url);
  if (problem !== undefined) throw invalid(problem);
  return { engine: 'postgres', url };
}

/** Returns the location as a text to show: without secrets. */
export function describeLocation(location: DatabaseLocation): string {
  if (location.engine === 'postgres') return nameServer(location.url);
  return location.path === inMemory ? 'in memory (lost when the process ends)' : location.path;
}

/** Returns the `database` option by which another process opens the same data, or undefined if none can. */
export function sharedDatabase(location: DatabaseLocation): string | undefined {
  if (location.engine === 'postgres') return location.url;
  return location.path === inMemory ? undefined : `${scheme}${location.path}`;
}

/** Whether the location may hold a secret: its URL has a password, or parameters, which may contain one. */
export function isSecret(location: DatabaseLocation): boolean {
  if (location.engine === 'sqlite') return false;
  return serverUrls(location.url).some((url) => {
    const { password, search } = new URL(url);
    return password !== '' || search !== '';
  });
}

function dataFolder(): string {
  const configured = process.env['XDG_DATA_HOME']?.trim();
  // The specification says to ignore a relative path.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homeFolder(), '.local', 'share');
  return join(base, 'context-store');
}

/** @throws VALIDATION_ERROR (the user has none: the data must not end up in whatever folder the program was started) */
function homeFolder(): string {
  const home = findHome();
  if (home !== undefined && isAbsolute(home) && existsSync(home)) return home;
  const reason = home === undefined ? 'this user has none' : `'${home}' is not the absolute path of a folder`;
  throw invalid(
    `there is no home folder to keep it in: ${reason}. Set the option database to sqlite:/absolute/path.db or postgres://…, or XDG_DATA_HOME to an absolute path.`,
  );
}

/** Returns HOME, or else the home folder in the system's list of users. */
function findHome(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function invalid(problem: string): ContextStoreError {
  return new ContextStoreError('VALIDATION_ERROR', `database: ${problem}`, {
    issues: [{ path: 'database', message: problem }],
  });
}
