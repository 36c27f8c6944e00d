import { accessSync, constants } from 'node:fs';
import { ContextStoreError } from '@org/domain';

const form = 'postgres://user:password@host:port/database, with special characters percent-encoded';
const fileParameters = ['sslcert', 'sslkey', 'sslrootcert'];

/**
 * What keeps a text from being the URL of a PostgreSQL database, and what to do. The text is not repeated: it may hold a
 * password, whole or, where it is badly written, in parts that look like a host, a port or a path.
 */
export function findUrlProblem(url: string): string | undefined {
  const problem = findFormProblem(url);
  return problem === undefined ? findMissingFile(url) : `${problem}; write it as ${form}.`;
}

function findFormProblem(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(url)) return 'the database URL cannot be read';
  if (!URL.canParse(url)) return 'the host or the port cannot be read';
  const { username, password, hostname, pathname, searchParams, hash } = new URL(url);
  if (hostname.includes(',')) return 'there is more than one host';
  if (hash !== '' || /[/@]/.test(pathname.slice(1))) return 'there is a special character before or in the database';
  if ([...searchParams.keys()].some((name) => !/^[A-Za-z_]+$/.test(name))) return 'what follows ? cannot be read';
  return [username, password, hostname, pathname].every(isPercentEncoded)
    ? undefined
    : 'a special character is not percent-encoded UTF-8';
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function findMissingFile(url: string): string | undefined {
  const { searchParams } = new URL(url);
  const missing = fileParameters.find((name) => !isReadable(searchParams.get(name)));
  return missing === undefined ? undefined : `${missing} names a file that cannot be read. Check the path.`;
}

function isReadable(path: string | null): boolean {
  if (path === null || path === '') return true;
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/** @throws VALIDATION_ERROR for what names no database */
export function requireDatabaseUrl(url: string): void {
  const problem = findUrlProblem(url);
  if (problem === undefined) return;
  throw new ContextStoreError('VALIDATION_ERROR', `url: ${problem}`, { issues: [{ path: 'url', message: problem }] });
}

/** A database as people name it: without the user, the password and the parameters. Where the URL is silent, as pg has it. */
export function nameServer(url: string): string {
  const { hostname, port, pathname, searchParams } = new URL(url);
  const host = firstOf(searchParams.get('host'), decodeURIComponent(hostname), process.env['PGHOST'], 'localhost');
  const portSuffix = firstOf(searchParams.get('port'), port, process.env['PGPORT']).replace(/^(?=.)/, ':');
  const database = firstOf(pathname.slice(1), process.env['PGDATABASE']).replace(/^(?=.)/, '/');
  return host.startsWith('/')
    ? `PostgreSQL at the socket in ${host}${database && `, database ${database.slice(1)}`}`
    : `PostgreSQL at ${host}${portSuffix}${database}`;
}

const firstOf = (...texts: readonly (string | null | undefined)[]): string => texts.find(Boolean) ?? '';
