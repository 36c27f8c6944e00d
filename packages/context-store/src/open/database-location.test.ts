import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { databaseLocation, describeLocation, isSecret, sharedDatabase } from './database-location.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the location of the data', () => {
  it.each([
    ['sqlite:/data/context.db', '/data/context.db'],
    ['sqlite:data/context.db', resolve('data/context.db')],
    ['sqlite::memory:', ':memory:'],
    ['sqlite:~other', resolve('~other')],
  ])('%s', (database, path) => {
    expect(databaseLocation(database)).toEqual({ engine: 'sqlite', path, isDefault: false });
  });

  it.each(['postgres://user:secret@host:5432/db?sslmode=no-verify', 'postgresql://host/db'])('%s', (url) => {
    expect(databaseLocation(url)).toEqual({ engine: 'postgres', url });
  });

  it("is the user's data folder by default", () => {
    vi.stubEnv('XDG_DATA_HOME', '/xdg');
    expect(databaseLocation()).toMatchObject({ path: '/xdg/context-store/context.db', isDefault: true });
    vi.stubEnv('XDG_DATA_HOME', 'relative');
    expect(databaseLocation()).toMatchObject({ path: join(homedir(), '.local/share/context-store/context.db') });
    vi.stubEnv('XDG_DATA_HOME', undefined);
    expect(databaseLocation()).toMatchObject({ path: join(homedir(), '.local/share/context-store/context.db') });
  });

  it.each(['', 'relative', '/nonexistent'])('is not below HOME=%s', (home) => {
    vi.stubEnv('XDG_DATA_HOME', 'relative');
    vi.stubEnv('HOME', home);
    expect(() => databaseLocation()).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('the option database') as string,
      }),
    );
    vi.stubEnv('XDG_DATA_HOME', '/xdg');
    expect(databaseLocation()).toMatchObject({ path: '/xdg/context-store/context.db' });
  });

  it.each([
    ['postgres://user:secret@host:port/db', 'the host or the port'],
    ['postgres:secret', 'postgres://user:password@host'],
    ['mysql://user:secret@host/db', 'sqlite:PATH'],
    ['/data/context.db', 'sqlite:PATH'],
    ['sqlite:', 'missing'],
    ['sqlite:/data/context.db\n', 'white space'],
    [' postgres://user:secret@host/db', 'white space'],
    ['sqlite:///data/context.db', 'not a URL'],
    ['sqlite:~/context.db', 'not expanded'],
  ])('is not %s', (database, says) => {
    const reading = () => databaseLocation(database);
    expect(reading).toThrow(
      expect.objectContaining({ code: 'VALIDATION_ERROR', message: expect.stringContaining(says) as string }),
    );
    expect(reading).not.toThrow('secret');
  });
});

it('is written for people and for other processes', () => {
  const file = databaseLocation('sqlite:/data/context.db');
  expect([describeLocation(file), sharedDatabase(file)]).toEqual(['/data/context.db', 'sqlite:/data/context.db']);
  const memory = databaseLocation('sqlite::memory:');
  expect([describeLocation(memory), sharedDatabase(memory)]).toEqual([
    'in memory (lost when the process ends)',
    undefined,
  ]);

  const server = databaseLocation('postgres://user@host/db');
  expect([describeLocation(server), sharedDatabase(server)]).toEqual([
    'PostgreSQL at host/db',
    'postgres://user@host/db',
  ]);
});

it.each([
  ['sqlite:/data/context.db?password=x', false],
  ['postgres://user@host/db', false],
  ['postgres://user:secret@host/db', true],
  ['postgres://user@host/db?password=secret', true],
  ['postgres://user@host/db?sslmode=disable&sslpassword=secret', true],
])('tells whether %s may be shown', (database, secret) => {
  const location = databaseLocation(database);
  expect(isSecret(location)).toBe(secret);
  expect(describeLocation(location)).not.toContain('secret');
});
