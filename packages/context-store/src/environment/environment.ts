import { findRedisUrlProblem } from '@org/redis-connection/url';
import { agentSchema, ContextStoreError, namespaceSchema } from '@org/domain';
import { defaultSettings, longestTimerMs } from '@org/store-kysely/postgres/configuration';
import { z } from 'zod';
import { databaseLocation } from '../open/database-location.js';
import type { OpenContextStoreOptions } from '../open/open-context-store.js';
import { readText } from './read-text.js';

/** One environment variable, as `--help` and the configuration table show it. */
export interface EnvironmentVariable<Value = unknown> {
  /** Reads the variable's text; undefined when it is unset. */
  readonly schema: z.ZodType<Value, string | undefined>;
  /** One line: what it is for, with the unit in the name. */
  readonly description: string;
  /** What holds when it is unset, for people. */
  readonly default: string;
  /** What an empty text stands for. Absent: it counts as unset. */
  readonly empty?: string | undefined;
  /** Whether its text may be in a file instead, which the variable of the same name and `_FILE` names. Default: no. */
  readonly isSecret?: true | undefined;
}

export type EnvironmentTable = Readonly<Record<string, EnvironmentVariable>>;

/** The values that a table reads. */
export type Environment<Table extends EnvironmentTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['schema']>;
};

/** A variable that has a value even when it is unset. */
export function variable<Value>(
  schema: z.ZodType<Value, string>,
  preset: string,
  description: string,
): EnvironmentVariable<Value> {
  return { schema: z.string().default(preset).pipe(schema), description, default: preset };
}

/** A variable that may stay unset; `meaning` says what that means. */
export function optionalVariable<Value>(
  schema: z.ZodType<Value, string>,
  meaning: string,
  description: string,
): EnvironmentVariable<Value | undefined> {
  return { schema: schema.optional(), description, default: meaning };
}

/** A variable that may hold a password: `NAME_FILE` may name a file with its text, as container platforms mount secrets. */
export const secret = <Value>(plain: EnvironmentVariable<Value>): EnvironmentVariable<Value> => ({
  ...plain,
  isSecret: true,
});

export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const form = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, form)
    .transform(Number)
    .pipe(z.number().min(min, form).max(max, form));
}

export const trueOrFalse: z.ZodType<boolean, string> = z
  .enum(['true', 'false'], 'true or false')
  .transform((text) => text === 'true');

const databaseSchema = z.string().check(({ value, issues }) => {
  try {
    databaseLocation(value);
  } catch (error) {
    issues.push({ code: 'custom', input: value, message: (error as Error).message.replace(/^database: /, '') });
  }
});

const redisSchema = z.string().check(({ value, issues }) => {
  const message = findRedisUrlProblem(value);
  if (message !== undefined) issues.push({ code: 'custom', input: value, message });
});

const logLevelSchema = z.enum(
  ['fatal', 'error', 'warn', 'info', 'debug', 'silent'],
  'one of fatal, error, warn, info, debug, silent',
);

/** What a process on PostgreSQL may keep of logs in memory unless CACHE_MEMORY_MIB says otherwise, in MiB; on SQLite, nothing. */
const postgresCacheMiB = 192;

const tenYearsSeconds = 315_360_000;
const seconds = wholeNumber(1, tenYearsSeconds);
const milliseconds = wholeNumber(1, longestTimerMs);

/** What every process of the product reads. */
export const environmentTable = {
  DATABASE_URL: secret(
    optionalVariable(
      databaseSchema,
      'context.db in $XDG_DATA_HOME/context-store or ~/.local/share/context-store',
      'Where the data lies: postgres://user:password@host:port/database, sqlite:PATH or sqlite::memory:.',
    ),
  ),
  DATABASE_MIGRATE: variable(
    trueOrFalse,
    'true',
    'Whether to migrate at the start. false: refuse an older schema; run context-store migrate.',
  ),
  DATABASE_POOL_SIZE: optionalVariable(
    wholeNumber(1, 1000),
    'two for each core',
    'PostgreSQL: the most connections of one process.',
  ),
  DATABASE_MAX_WAITING: variable(
    wholeNumber(0, 1_000_000),
    `${defaultSettings.maxWaiting}`,
    'PostgreSQL: how many calls may wait for a connection; one more answers OVERLOADED.',
  ),
  DATABASE_CONNECT_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.connectTimeoutMs}`,
    'PostgreSQL: how long a call waits for a connection.',
  ),
  DATABASE_STATEMENT_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.statementTimeoutMs}`,
    'PostgreSQL: how long the server works on one statement, waits for locks included.',
  ),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.idleInTransactionTimeoutMs}`,
    'PostgreSQL: how long a connection may hold a transaction open and do nothing.',
  ),
  DATABASE_TRANSACTION_POOLER: variable(
    trueOrFalse,
    'false',
    'PostgreSQL: whether a pooler in transaction mode (PgBouncer) stands between.',
  ),
  DATABASE_SCHEMA: optionalVariable(
    z.string().max(63, 'at most 63 characters'),
    'the first of the search_path that holds the tables, or else its first',
    'PostgreSQL: the schema of the tables. It must exist.',
  ),
  REDIS_URL: secret(
    optionalVariable(
      redisSchema,
      'processes look for changes twice a second',
      'PostgreSQL: redis://user:password@host:port tells its processes of changes at once.',
    ),
  ),
  REDIS_DEPLOYMENT: optionalVariable(
    z.string(),
    'what the database says that it is',
    'Redis: what the processes of one deployment have in common.',
  ),
  CACHE_MEMORY_MIB: optionalVariable(
    wholeNumber(0, 1_048_576),
    `PostgreSQL: ${postgresCacheMiB}; SQLite: 0`,
    'How much memory each process may take to keep pages of logs in, in MiB. 0: no cache.',
  ),
  CACHE_TTL_SECONDS: variable(seconds, '3600', 'How long the cache keeps anything, deleted sessions included.'),
  CACHE_REDIS: variable(
    trueOrFalse,
    'false',
    'PostgreSQL: whether processes that have a cache (CACHE_MEMORY_MIB) share its pages through REDIS_URL.',
  ),
  CONTEXT_NAMESPACE: variable(namespaceSchema, 'default', 'The isolation boundary that calls belong to.'),
  CONTEXT_AGENT: optionalVariable(agentSchema, "the client's own name", 'Who acts in calls that name no agent.'),
  MAX_CONTENT_BYTES: variable(
    wholeNumber(1, 64 * 1024 * 1024),
    '1048576',
    'The largest content of one entry, in UTF-8 bytes.',
  ),
  DORMANT_AFTER_SECONDS: variable(seconds, '86400', 'How long a session stays active without activity.'),
  SESSION_TTL_SECONDS: optionalVariable(
    seconds,
    'never',
    'When a session that asks for no TTL expires, counted from its last activity.',
  ),
  HANDOFF_TTL_SECONDS: variable(seconds, '604800', 'How long an offer stands that says nothing of its own.'),
  LOG_LEVEL: optionalVariable(
    logLevelSchema,
    'info; mcp-stdio: warn',
    'The least severe lines of the log: fatal, error, warn, info, debug (every call) or silent (none).',
  ),
} as const satisfies EnvironmentTable;

/**
 * Reads every variable of a table, without the white space around its text: files and shells leave line breaks there. An
 * empty one counts as unset, unless the table gives it a meaning.
 * @throws VALIDATION_ERROR naming all variables that are wrong, one line each
 */
export function readEnvironment<Table extends EnvironmentTable>(
  table: Table,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Environment<Table> {
  const values: Record<string, unknown> = {};
  const issues: { path: string; message: string }[] = [];
  for (const [name, { schema, empty, isSecret }] of Object.entries<EnvironmentVariable>(table)) {
    const read = readText(name, env, isSecret);
    if ('problem' in read) {
      issues.push({ path: read.path, message: read.problem });
      continue;
    }
    const parsed = schema.safeParse(read.text === '' ? empty : read.text);
    if (parsed.success) values[name] = parsed.data;
    else issues.push({ path: name, message: parsed.error.issues.map(({ message }) => message).join('; ') });
  }
  if (issues.length > 0) throw environmentError(issues);
  return values as Environment<Table>;
}

/** Says what is wrong with the environment, one line for each variable. */
export function environmentError(issues: readonly { path: string; message: string }[]): ContextStoreError {
  const lines = issues.map(({ path, message }) => `${path} is not valid: ${message}`);
  return new ContextStoreError('VALIDATION_ERROR', lines.join('\n'), { issues });
}

/** The shared variables as options of `openContextStore`. */
export function contextStoreOptions(environment: Environment<typeof environmentTable>): OpenContextStoreOptions {
  const { SESSION_TTL_SECONDS: sessionTtlSeconds, REDIS_URL: redisUrl } = environment;
  return {
    database: environment.DATABASE_URL,
    migrate: environment.DATABASE_MIGRATE,
    postgres: {
      poolSize: environment.DATABASE_POOL_SIZE,
      maxWaiting: environment.DATABASE_MAX_WAITING,
      connectTimeoutMs: environment.DATABASE_CONNECT_TIMEOUT_MS,
      statementTimeoutMs: environment.DATABASE_STATEMENT_TIMEOUT_MS,
      idleInTransactionTimeoutMs: environment.DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS,
      transactionPooler: environment.DATABASE_TRANSACTION_POOLER,
      schema: environment.DATABASE_SCHEMA,
    },
    redis: redisUrl === undefined ? undefined : { url: redisUrl, deployment: environment.REDIS_DEPLOYMENT },
    cache: cacheSettings(environment),
    namespace: environment.CONTEXT_NAMESPACE,
    agent: environment.CONTEXT_AGENT,
    maxContentBytes: environment.MAX_CONTENT_BYTES,
    dormantAfterMs: environment.DORMANT_AFTER_SECONDS * 1000,
    sessionTtlMs: sessionTtlSeconds === undefined ? undefined : sessionTtlSeconds * 1000,
    handoffTtlMs: environment.HANDOFF_TTL_SECONDS * 1000,
  };
}

function cacheSettings(environment: Environment<typeof environmentTable>): OpenContextStoreOptions['cache'] {
  const { engine } = databaseLocation(environment.DATABASE_URL);
  const memoryMiB = environment.CACHE_MEMORY_MIB ?? (engine === 'postgres' ? postgresCacheMiB : 0);
  if (memoryMiB === 0) return undefined;
  return {
    maxBytes: memoryMiB * 1024 * 1024,
    ttlMs: environment.CACHE_TTL_SECONDS * 1000,
    sharesByRedis: environment.CACHE_REDIS,
  };
}
