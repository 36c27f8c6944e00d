import { accessSync, constants } from 'node:fs';
import { ContextStoreError } from '@org/domain';

const form = 'postgres://user:password@host:port/database, with special characters percent-encoded';
const fileParameters = ['sslcert', 'sslkey', 'sslrootcert'];
const attributes = 'target_session_attrs';
/** The values of libpq's target_session_attrs that make sense for a client that writes. */
const targets = ['any', 'read-write', 'primary'];

/** The parts of a URL that names servers, which the URL class cannot read when there are several. */
const severalHosts = /^(postgres(?:ql)?:\/\/(?:[^@/?#]*@)?)([^@/?#]*,[^@/?#]*)(.*)$/s;

/** The URLs of the servers that a URL names, in its order, each of one host: `postgres://first:5432,second:5433/database`. */
export function serverUrls(url: string): readonly string[] {
  const [, before = '', hosts, after = ''] = severalHosts.exec(url) ?? [];
  return hosts === undefined ? [url] : hosts.split(',').map((host) => `${before}${host}${after}`);
}

/** Whether a server that takes no writes is of no use (`target_session_attrs=read-write` or `primary`, as for libpq). */
export function requiresWrites(url: string): boolean {
  const [first = ''] = serverUrls(url);
  return ['read-write', 'primary'].includes(new URL(first).searchParams.get(attributes) ?? '');
}

/**
 * Returns why a text is not the URL of a PostgreSQL database, and what to do. The message never contains the text,
 * because it may hold a password. In a malformed URL, parts of a password can look like a host, a port or a path.
 */
export function findUrlProblem(url: string): string | undefined {
  for (const serverUrl of serverUrls(url)) {
    const problem = findFormProblem(serverUrl);
    if (problem !== undefined) return `${problem}; write it as ${form}.`;
  }
  return findMissingFile(url) ?? findTargetProblem(url);
}

function findFormProblem(url: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(url)) return 'the database URL cannot be read';
  if (!URL.canParse(url)) return 'the host or the port cannot be read';
  const { username, password, hostname, pathname, searchParams, hash } = new URL(url);
  if (searchParams.get('host')?.includes(',')) return 'there is more than one host in a parameter';
  if (hash !== '' || /[/@]/.test(pathname.slice(1))) return 'there is a special character before or in the database';
  if ([...searchParams.keys()].some((name) => !/^[A-Za-z_]+$/.test(name))) return 'what follows ? cannot be read';
  return [username, password, hostname, pathname].every(isPercentEncoded)
    ? undefined
    : 'a special character is not percent-encoded UTF-8';
}

function findTargetProblem(url: string): string | undefined {
  const [first = ''] = serverUrls(url);
  const target = new URL(first).searchParams.get(attributes);
  return target === null || targets.includes(target)
    ? undefined
    : `${attributes} is none of ${targets.join(', ')}: this program writes.`;
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
  const [first = ''] = serverUrls(url);
  const { searchParams } = new URL(first);
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
  const [first = '', ...others] = serverUrls(url);
  const { hostname, port, pathname, searchParams } = new URL(first);
  const host = firstOf(searchParams.get('host'), decodeURIComponent(hostname), process.env['PGHOST'], 'localhost');
  const portSuffix = firstOf(searchParams.get('port'), port, process.env['PGPORT']).replace(/^(?=.)/, ':');
  const database = firstOf(pathname.slice(1), process.env['PGDATABASE']).replace(/^(?=.)/, '/');
  if (host.startsWith('/'))
    return `PostgreSQL at the socket in ${host}${database && `, database ${database.slice(1)}`}`;
  return `PostgreSQL at ${[`${host}${portSuffix}`, ...others.map((other) => new URL(other).host)].join(',')}${database}`;
}

const firstOf = (...texts: readonly (string | null | undefined)[]): string => texts.find(Boolean) ?? '';
