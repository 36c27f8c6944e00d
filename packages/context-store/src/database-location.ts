import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { ContextStoreError } from '@org/domain';

const scheme = 'sqlite:';
const inMemory = ':memory:';

/** Where a context store keeps its data. */
export interface DatabaseLocation {
  readonly engine: 'sqlite';
  /** An absolute path, or `:memory:`. */
  readonly path: string;
  /** Whether the path is our own choice, so that its folder is ours to make. */
  readonly isDefault: boolean;
}

/**
 * Reads `sqlite:PATH` (relative to the working folder) or `sqlite::memory:`. Absent: `context.db` in the user's data
 * folder, as the XDG Base Directory Specification has it. @throws VALIDATION_ERROR saying which forms there are
 */
export function databaseLocation(database?: string): DatabaseLocation {
  if (database === undefined) return { engine: 'sqlite', path: join(dataFolder(), 'context.db'), isDefault: true };
  if (/^postgres(ql)?:/.test(database)) throw invalid('PostgreSQL is not in this release yet; use sqlite:PATH.');
  if (!database.startsWith(scheme)) throw invalid('not a database of ours; use sqlite:PATH or sqlite::memory:.');
  const path = database.slice(scheme.length);
  if (path === '') throw invalid('the path is missing; use sqlite:PATH or sqlite::memory:.');
  if (path.startsWith('//'))
    throw invalid('this is not a URL; use sqlite:/absolute/path.db or sqlite:relative/path.db.');
  if (path.startsWith('~/')) throw invalid('~ is not expanded; write the path out.');
  return { engine: 'sqlite', path: path === inMemory ? path : resolve(path), isDefault: false };
}

/** For people: where the data lies, without anything secret. */
export const describeLocation = ({ path }: DatabaseLocation): string =>
  path === inMemory ? 'in memory (lost when the process ends)' : path;

/** For another process: the `database` that names the same data, or undefined when no other process can reach it. */
export const sharedDatabase = ({ path }: DatabaseLocation): string | undefined =>
  path === inMemory ? undefined : `${scheme}${path}`;

function dataFolder(): string {
  const configured = process.env['XDG_DATA_HOME'];
  // The specification asks to ignore a relative one.
  const base = configured !== undefined && isAbsolute(configured) ? configured : join(homedir(), '.local', 'share');
  return join(base, 'context-store');
}

function invalid(problem: string): ContextStoreError {
  return new ContextStoreError('VALIDATION_ERROR', `database: ${problem}`, {
    issues: [{ path: 'database', message: problem }],
  });
}
