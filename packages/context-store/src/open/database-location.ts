import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ContextStoreError } from '@org/domain';
import { findUrlProblem, nameServer, serverUrls } from '@org/store-kysely/postgres/configuration';

const scheme = 'sqlite:';
const inMemory = ':memory:';

/** Where a context store keeps its data. */
export type DatabaseLocation = SqliteLocation | PostgresLocation;

export interface SqliteLocation {
  readonly engine: 'sqlite';
  /** An absolute path, or `:memory:`. */
  readonly path: string;
  /** Whether the path is our own choice, so that its folder is ours to make. */
  readonly isDefault: boolean;
}

export interface PostgresLocation {
  readonly engine: 'postgres';
  /** As it was given. It may hold a password. */
  readonly url: string;
}

/**
 * Reads `postgres://user:password@host:port/database` (or `postgresql://`, with libpq's parameters behind a `?`),
 * `sqlite:PATH` (relative to the working folder) or `sqlite::memory:`. Absent: `context.db` in the user's data folder, as
 * the XDG Base Directory Specification has it. @throws VALIDATION_ERROR saying what is wrong, without repeating it, or that
 * this user has no home folder
 */
export function databaseLocation(database?: string): DatabaseLocation {
  if (database === undefined) return { engine: 'sqlite', path: join(dataFolder(), 'context.db'), isDefault: true };
  // A path would keep it, and name another file than the caller means.
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

/** For people: where the data lies, without anything secret. */
export function describeLocation(location: DatabaseLocation): string {
  if (location.engine === 'postgres') return nameServer(location.url);
  return location.path === inMemory ? 'in memory (lost when the process ends)' : location.path;
}

/** For another process: the `database` that names the same data, or undefined when no other process can reach it. */
export function sharedDatabase(location: DatabaseLocation): string | undefined {
  if (location.engine === 'postgres') return location.url;
  return location.path === inMemory ? undefined : `${scheme}${location.path}`;
}

/** Whether what names the data may not be shown: a password is in it, or parameters, among which one may be. */
export function isSecret(location: DatabaseLocation): boolean {
  if (location.engine === 'sqlite') return false;
  return serverUrls(location.url).some((url) => {
    const { password, search } = new URL(url);
    return password !== '' || search !== '';
  });
}

function dataFolder(): string {
  const configured = process.env['XDG_DATA_HOME']?.trim();
  // The specification asks to ignore a relative one.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homeFolder(), '.local', 'share');
  return join(base, 'context-store');
}

/** @throws VALIDATION_ERROR when this user has none: the data must not lie in the folder that a program was started in */
function homeFolder(): string {
  const home = findHome();
  if (home !== undefined && isAbsolute(home) && existsSync(home)) return home;
  const reason = home === undefined ? 'this user has none' : `'${home}' is not the absolute path of a folder`;
  throw invalid(
    `there is no home folder to keep it in: ${reason}. Set DATABASE_URL to sqlite:/absolute/path.db or postgres://…, or XDG_DATA_HOME to an absolute path.`,
  );
}

/** What HOME says, or else the system's list of users. */
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
