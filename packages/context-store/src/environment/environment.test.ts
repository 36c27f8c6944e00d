import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextStoreOptions, environmentTable, readEnvironment, variable, wholeNumber } from './environment.js';

describe('the environment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment(environmentTable, {})).toEqual({
      DATABASE_URL: undefined,
      DATABASE_MIGRATE: true,
      DATABASE_POOL_SIZE: undefined,
      DATABASE_MAX_WAITING: 10_000,
      DATABASE_CONNECT_TIMEOUT_MS: 5000,
      DATABASE_STATEMENT_TIMEOUT_MS: 10_000,
      DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: 10_000,
      DATABASE_TRANSACTION_POOLER: false,
      REDIS_URL: undefined,
      REDIS_DEPLOYMENT: undefined,
      CACHE_MEMORY_MIB: undefined,
      CACHE_TTL_SECONDS: 3600,
      CACHE_REDIS: false,
      CONTEXT_NAMESPACE: 'default',
      CONTEXT_AGENT: undefined,
      CONTEXT_PROJECT: undefined,
      MAX_CONTENT_BYTES: 1024 * 1024,
      DORMANT_AFTER_SECONDS: 86_400,
      SESSION_TTL_SECONDS: undefined,
      HANDOFF_TTL_SECONDS: 604_800,
      TAKE_OVER_AFTER_SECONDS: 600,
      TAKE_OVER_BY: 'project',
    });
  });

  it('counts an empty variable as unset', () => {
    const empty = Object.fromEntries(Object.keys(environmentTable).map((name) => [name, '']));
    expect(readEnvironment(environmentTable, empty)).toEqual(readEnvironment(environmentTable, {}));
  });

  it('becomes options in milliseconds', () => {
    const env = {
      DATABASE_URL: 'sqlite:x.db',
      CONTEXT_AGENT: 'me',
      CONTEXT_NAMESPACE: 'team',
      SESSION_TTL_SECONDS: '60',
      TAKE_OVER_AFTER_SECONDS: '900',
      TAKE_OVER_BY: 'namespace',
      DATABASE_MIGRATE: 'false',
      DATABASE_POOL_SIZE: '3',
      DATABASE_MAX_WAITING: '4',
      DATABASE_CONNECT_TIMEOUT_MS: '5',
      DATABASE_STATEMENT_TIMEOUT_MS: '6',
      DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: '7',
      DATABASE_TRANSACTION_POOLER: 'true',
      REDIS_URL: 'redis://127.0.0.1',
      REDIS_DEPLOYMENT: 'production',
      CACHE_MEMORY_MIB: '2',
      CACHE_TTL_SECONDS: '8',
      CACHE_REDIS: 'true',
    };
    expect(contextStoreOptions(readEnvironment(environmentTable, env))).toEqual({
      database: 'sqlite:x.db',
      migrate: false,
      postgres: {
        poolSize: 3,
        maxWaiting: 4,
        connectTimeoutMs: 5,
        statementTimeoutMs: 6,
        idleInTransactionTimeoutMs: 7,
        transactionPooler: true,
      },
      redis: { url: 'redis://127.0.0.1', deployment: 'production' },
      cache: { maxBytes: 2_097_152, ttlMs: 8000, sharesByRedis: true },
      namespace: 'team',
      agent: 'me',
      maxContentBytes: 1024 * 1024,
      dormantAfterMs: 86_400_000,
      sessionTtlMs: 60_000,
      handoffTtlMs: 604_800_000,
      takeOverAfterMs: 900_000,
      takeOverBy: 'namespace',
    });
  });

  it('takes a project, or none', () => {
    const projectOf = (CONTEXT_PROJECT: string) => {
      const environment = readEnvironment(environmentTable, { CONTEXT_PROJECT });
      return [environment.CONTEXT_PROJECT, contextStoreOptions(environment).project];
    };
    expect(projectOf('github.com/owner/repo')).toEqual(['github.com/owner/repo', 'github.com/owner/repo']);
    expect(projectOf('none')).toEqual(['none', undefined]);
    expect(projectOf('')).toEqual([undefined, undefined]);
    expect(() => projectOf('https://user:secret@github.com/owner/repo')).toThrow(
      /^CONTEXT_PROJECT is not valid: host\/owner\/repo (?!.*secret)/,
    );
  });

  it('turns a cache on by its size, and off by 0, which is the default on SQLite', () => {
    const cacheOf = (env: Record<string, string>): unknown =>
      contextStoreOptions(readEnvironment(environmentTable, env)).cache;
    for (const DATABASE_URL of ['sqlite:x.db', 'postgres://host/db']) {
      expect(cacheOf({ DATABASE_URL, CACHE_MEMORY_MIB: '0' })).toBeUndefined();
      expect(cacheOf({ DATABASE_URL, CACHE_MEMORY_MIB: '1' })).toMatchObject({ maxBytes: 1_048_576 });
    }
    expect(cacheOf({ DATABASE_URL: 'sqlite:x.db' })).toBeUndefined();
  });

  it('names all wrong variables at once, one line each, without secrets', () => {
    const env = {
      DATABASE_URL: 'postgres://user:secret@host:port/db',
      DATABASE_MIGRATE: 'yes',
      DATABASE_POOL_SIZE: '0',
      REDIS_URL: 'user:secret@host',
      CONTEXT_AGENT: 'role:x',
      MAX_CONTENT_BYTES: '1e6',
      DORMANT_AFTER_SECONDS: '0',
      HANDOFF_TTL_SECONDS: '-1',
      TAKE_OVER_BY: 'anyone',
    };
    expect(() => readEnvironment(environmentTable, env)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        message: [
          'DATABASE_URL is not valid: the host or the port cannot be read; write it as postgres://user:password@host:port/database, with special characters percent-encoded.',
          'DATABASE_MIGRATE is not valid: true or false',
          'DATABASE_POOL_SIZE is not valid: a whole number from 1 to 1000',
          'REDIS_URL is not valid: not the URL of a Redis server; write it as redis://user:password@host:port (or rediss:// for TLS), with special characters percent-encoded.',
          'CONTEXT_AGENT is not valid: 1 to 128 letters, digits, dots, underscores, at signs or hyphens, beginning with a letter or digit',
          'MAX_CONTENT_BYTES is not valid: a whole number from 1 to 67108864',
          'DORMANT_AFTER_SECONDS is not valid: a whole number from 1 to 315360000',
          'HANDOFF_TTL_SECONDS is not valid: a whole number from 1 to 315360000',
          'TAKE_OVER_BY is not valid: one of participants, project, namespace',
        ].join('\n'),
      }),
    );
  });

  it('ignores white space around every value, which files and shells leave there', () => {
    const env = {
      DATABASE_URL: 'sqlite:x.db',
      REDIS_URL: 'redis://127.0.0.1',
      REDIS_DEPLOYMENT: 'production',
      CONTEXT_NAMESPACE: 'team',
      CONTEXT_AGENT: 'me',
      DATABASE_MIGRATE: 'false',
      DATABASE_POOL_SIZE: '3',
      LOG_LEVEL: 'debug',
    };
    for (const [before, after] of [
      ['', '\n'],
      ['', '\r\n'],
      [' ', '\t'],
      ['\uFEFF', ' '],
    ] as const) {
      const padded = Object.fromEntries(Object.entries(env).map(([name, text]) => [name, before + text + after]));
      expect(readEnvironment(environmentTable, padded)).toEqual(readEnvironment(environmentTable, env));
    }
    expect(readEnvironment(environmentTable, { CONTEXT_AGENT: '\n' }).CONTEXT_AGENT).toBeUndefined();
  });

  it.each(['postgres://host/one\ntwo', 'sqlite:one\ttwo.db', 'sqlite:one\0.db'])(
    'refuses control characters inside a value, which a URL would lose: %j',
    (DATABASE_URL) => {
      expect(() => readEnvironment(environmentTable, { DATABASE_URL })).toThrow(
        /^DATABASE_URL is not valid: .*control character/,
      );
    },
  );

  it('describes every variable in one line', () => {
    for (const { description, default: preset } of Object.values(environmentTable)) {
      expect(description).toMatch(/^[^\n]{10,100}\.$/);
      expect(preset).toMatch(/^[^\n]+$/);
    }
  });

  it('can be extended by a program', () => {
    const table = { ...environmentTable, PORT: variable(wholeNumber(0, 65_535), '3000', 'The port.') };
    expect(readEnvironment(table, { PORT: '0' }).PORT).toBe(0);
    expect(readEnvironment(table, {}).PORT).toBe(3000);
    expect(() => readEnvironment(table, { PORT: '65536' })).toThrow('PORT');
  });
});

describe('a secret', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'environment-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const fileOf = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  const messageOf = (env: Record<string, string>): string => {
    try {
      readEnvironment(environmentTable, env);
      return '';
    } catch (error) {
      return (error as Error).message;
    }
  };

  it('may be in a file, which a variable names, with a line break at its end', () => {
    const DATABASE_URL_FILE = fileOf('database', 'postgres://user:secret@host/db\n');
    const REDIS_URL_FILE = ` ${fileOf('redis', 'redis://:secret@host\r\n')}\n`;
    const env = { DATABASE_URL: '', DATABASE_URL_FILE, REDIS_URL_FILE };
    expect(readEnvironment(environmentTable, env)).toMatchObject({
      DATABASE_URL: 'postgres://user:secret@host/db',
      REDIS_URL: 'redis://:secret@host',
    });
  });

  it('is refused if it is set twice, or its file has no value, in words without secrets', () => {
    const DATABASE_URL_FILE = fileOf('good', 'postgres://user:secret@host/db');
    const missing = join(folder, 'missing');
    const empty = fileOf('empty', '\n');
    const wrong = fileOf('wrong', 'user:secret@host');
    const broken = fileOf('broken', 'redis://:secret\n@host');
    expect(messageOf({ DATABASE_URL: 'sqlite:x.db', DATABASE_URL_FILE })).toBe(
      'DATABASE_URL_FILE is not valid: DATABASE_URL is set as well; unset either',
    );
    expect(messageOf({ DATABASE_URL_FILE: missing, REDIS_URL_FILE: empty })).toBe(
      `DATABASE_URL_FILE is not valid: ${missing} cannot be read (ENOENT)\nREDIS_URL_FILE is not valid: ${empty} is empty`,
    );
    for (const env of [{ DATABASE_URL_FILE: wrong }, { REDIS_URL_FILE: wrong }, { REDIS_URL_FILE: broken }]) {
      expect(messageOf(env)).toMatch(/^(?:DATABASE|REDIS)_URL/);
      expect(messageOf(env)).not.toContain('secret');
    }
  });

  it('is the only kind of variable that is read from a file', () => {
    expect(
      readEnvironment(environmentTable, { CONTEXT_AGENT_FILE: fileOf('agent', 'me') }).CONTEXT_AGENT,
    ).toBeUndefined();
  });
});
