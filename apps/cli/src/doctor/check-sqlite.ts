import { existsSync, statSync } from 'node:fs';
import { inspectSqliteStore } from '@org/context-store/inspect';
import type { SqliteLocation } from '@org/context-store';
import { checkSchema } from './check-schema.js';
import { checkLeftovers, checkSqliteFiles } from './check-sqlite-files.js';
import { describeError } from './describe-error.js';
import { findingsOf, type Finding } from './finding.js';

export interface SqliteCheckOptions {
  /** Whether to look for damage, which reads the whole file. */
  readonly deep: boolean;
  readonly mounts: string | undefined;
}

const { ok, warning, problem } = findingsOf('database');

/** Checks a SQLite database. Creates no file. */
export async function checkSqlite(location: SqliteLocation, options: SqliteCheckOptions): Promise<Finding[]> {
  const { path } = location;
  if (path === ':memory:') return [ok('SQLite in memory: it is lost when its process ends')];
  if (!existsSync(path)) {
    const left = checkLeftovers(path);
    if (left !== undefined) return [left];
    return [warning(`${path} does not exist yet`, 'The first start of a server or of context-store migrate makes it.')];
  }
  if (!statSync(path).isFile()) return [problem(`${path} is not a file`, 'Name another path in DATABASE_URL.')];
  return [...(await checkContent(location, options.deep)), ...checkSqliteFiles(path, options.mounts)];
}

async function checkContent(location: SqliteLocation, deep: boolean): Promise<Finding[]> {
  const { path } = location;
  try {
    const { schemaVersion, knownVersion, damage } = await inspectSqliteStore(location, deep);
    if (schemaVersion === undefined)
      return [problem(`${path} belongs to another program`, 'Name another file in DATABASE_URL.')];
    const found = [ok(`SQLite, ${path}`), checkSchema({ schemaVersion, knownVersion })];
    return deep ? [...found, checkDamage(damage)] : found;
  } catch (error) {
    return [problem(describeError(error))];
  }
}

function checkDamage([first]: readonly string[]): Finding {
  const integrity = findingsOf('integrity');
  if (first === undefined) return integrity.ok('no damage was found');
  return integrity.problem(
    `the file is damaged: ${first}`,
    'Keep a copy of it with its -wal, and restore a backup: see docs/operations/troubleshooting.md.',
  );
}
