import { ContextStoreError } from '@org/domain';

/** @throws STORE_UNAVAILABLE for what names no database; it is not repeated: it may hold a password */
export function requireDatabaseUrl(url: string): void {
  if (URL.canParse(url) && /^postgres(ql)?:$/.test(new URL(url).protocol)) return;
  throw new ContextStoreError(
    'STORE_UNAVAILABLE',
    'The database URL cannot be read. Write it as postgres://user:password@host:port/database, with special characters percent-encoded.',
  );
}

/** A database as people name it: without user and password. */
export function nameServer(url: string): string {
  const { host, pathname } = new URL(url);
  return `PostgreSQL at ${host === '' ? 'the local socket' : host}${pathname === '/' ? '' : pathname}`;
}
