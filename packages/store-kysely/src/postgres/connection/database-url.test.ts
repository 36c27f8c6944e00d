import { describe, expect, it, vi } from 'vitest';
import { findUrlProblem, nameServer, requireDatabaseUrl } from './database-url.js';

describe('the URL of a database', () => {
  it.each([
    'postgres://root@127.0.0.1:5432/db',
    'postgresql://host',
    'postgres:///db',
    'postgres://user:p%40ss%2Fword@[::1]:5432/db?sslmode=no-verify&application_name=team%20a',
    'postgres://user@%2Fvar%2Frun%2Fpostgresql/db',
    'postgres:///db?host=/var/run/postgresql',
    `postgres://host/db?sslrootcert=${import.meta.filename}`,
    'postgres://user:pass,word@one:5432,[::1]:5433,three/db?target_session_attrs=read-write',
  ])('may be %s', (url) => {
    expect(findUrlProblem(url)).toBeUndefined();
  });

  it.each([
    ['not a URL', /database URL/],
    ['mysql://user:secret@host/db', /database URL/],
    ['postgres:secret', /database URL/],
    ['postgres://user:secret@host:port/db', /host or the port/],
    ['postgres://user:secret@host:99999/db', /host or the port/],
    ['postgres://user:se/cret@host/db', /host or the port/],
    ['postgres://user:secret@/db', /host or the port/],
    ['postgres:///db?host=one,two', /more than one host/],
    ['postgres://user:secret@one:5432,two:port/db', /host or the port/],
    ['postgres://one,two/db?target_session_attrs=standby', /^target_session_attrs is none of any, read-write, primary/],
    // What a password with a special character turns into: the port 12, and the rest of it elsewhere.
    ['postgres://user:12/secret@host/db', /special character/],
    ['postgres://user:12#secret@host/db', /special character/],
    ['postgres://user:12?secret@host/db', /what follows \?/],
    ['postgres://user:100%secret@host/db', /percent-encoded/],
    ['postgres://user:secret@host/db?sslrootcert=/no/such/file', /^sslrootcert names a file/],
  ])('is not %s', (url, says) => {
    expect(findUrlProblem(url)).toMatch(says);
    expect(findUrlProblem(url)).not.toMatch(/secret|cret|12|\n/);
    expect(() => requireDatabaseUrl(url)).toThrow(expect.objectContaining({ code: 'VALIDATION_ERROR' }));
  });

  it.each([
    ['postgres://user:secret@host:5433/db?password=secret&sslpassword=secret', 'PostgreSQL at host:5433/db'],
    ['postgres://user:secret@host', 'PostgreSQL at host'],
    ['postgres://[::1]/db', 'PostgreSQL at [::1]/db'],
    ['postgres:///db?host=other&port=5433', 'PostgreSQL at other:5433/db'],
    ['postgres://user@%2Fvar%2Frun/db', 'PostgreSQL at the socket in /var/run, database db'],
    ['postgres:///db', 'PostgreSQL at localhost/db'],
    ['postgres://user:secret@one:5433,[::1],three/db', 'PostgreSQL at one:5433,[::1],three/db'],
  ])('is named for people: %s', (url, name) => {
    for (const variable of ['PGHOST', 'PGPORT', 'PGDATABASE']) vi.stubEnv(variable, undefined);
    expect(nameServer(url)).toBe(name);
    vi.stubEnv('PGHOST', '/tmp');
    vi.stubEnv('PGDATABASE', 'mine');
    expect(nameServer('postgres://')).toBe('PostgreSQL at the socket in /tmp, database mine');
    vi.unstubAllEnvs();
  });
});
