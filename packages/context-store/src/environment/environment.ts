import { findRedisUrlProblem } from '@org/redis-connection/url';
import {
  agentSchema,
  ContextStoreError,
  limits,
  namedProjectSchema,
  namespaceSchema,
  noProject,
  takeOverPolicies,
  type ContextStore,
} from '@org/domain';
import { defaultSettings, longestTimerMs } from '@org/store-kysely/postgres/configuration';
import { z } from 'zod';
import { databaseLocation } from '../open/database-location.js';
import { open, type OpenContextStoreOptions } from '../open/open-context-store.js';
import { nameVariables } from './name-variables.js';
import { readText } from './read-text.js';

/** One environment variable, as `--help` and the configuration table show it. */
export interface EnvironmentVariable<Value = unknown> {
  /** Parses the text of the variable, or undefined if it is unset. */
  readonly schema: z.ZodType<Value, string | undefined>;
  /** What the variable sets, with its unit, as one line of text. */
  readonly description: string;
  /** The default value, or what happens if the variable is unset, as text. */
  readonly default: string;
  /** The meaning of an empty text. Default: it counts as unset. */
  readonly empty?: string | undefined;
  /** Whether a file may hold the text instead, which the variable `NAME_FILE` names. Default: no. */
  readonly isSecret?: true | undefined;
}

export type EnvironmentTable = Readonly<Record<string, EnvironmentVariable>>;

/** The values of the variables of a table. */
export type Environment<Table extends EnvironmentTable> = {
  readonly [Name in keyof Table]: z.output<Table[Name]['schema']>;
};

/** Declares a variable with a default value. */
export function variable<Value>(
  schema: z.ZodType<Value, string>,
  preset: string,
  description: string,
): EnvironmentVariable<Value> {
  return { schema: z.string().default(preset).pipe(schema), description, default: preset };
}

/** Declares a variable without a default value. `meaning` says what happens if it is unset. */
export function optionalVariable<Value>(
  schema: z.ZodType<Value, string>,
  meaning: string,
  description: string,
): EnvironmentVariable<Value | undefined> {
  return { schema: schema.optional(), description, default: meaning };
}

/** Lets `NAME_FILE` name a file with the text of the variable, because container platforms mount secrets as files. */
export const secret = <Value>(plain: EnvironmentVariable<Value>): EnvironmentVariable<Value> => ({
  ...plain,
  isSecret: true,
});

/** Returns the schema of a whole number from `min` to `max`, in decimal digits. */
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

/** The default of CACHE_MEMORY_MIB on PostgreSQL. On SQLite it is 0. */
const postgresCacheMiB = 192;

const takeOverSchema = z.enum(takeOverPolicies, `one of ${takeOverPolicies.join(', ')}`);

const tenYearsSeconds = 315_360_000;
const seconds = wholeNumber(1, tenYearsSeconds);
const milliseconds = wholeNumber(1, longestTimerMs);

/** The variables of every program. */
export const environmentTable = {
  DATABASE_URL: secret(
    optionalVariable(
      databaseSchema,
      'context.db in $XDG_DATA_HOME/context-store or ~/.local/share/context-store',
      'The database: postgres://user:password@host:port/database, sqlite:PATH or sqlite::memory:.',
    ),
  ),
  DATABASE_MIGRATE: variable(
    trueOrFalse,
    'true',
    'Whether to migrate at start. If false, an older schema stops the start: run context-store migrate.',
  ),
  DATABASE_POOL_SIZE: optionalVariable(
    wholeNumber(1, 1000),
    'two for each core',
    'PostgreSQL: the maximum number of connections of this process.',
  ),
  DATABASE_MAX_WAITING: variable(
    wholeNumber(0, 1_000_000),
    `${defaultSettings.maxWaiting}`,
    'PostgreSQL: how many calls may wait for a connection. Further calls answer OVERLOADED.',
  ),
  DATABASE_CONNECT_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.connectTimeoutMs}`,
    'PostgreSQL: how long a call waits for a connection before it fails, in milliseconds.',
  ),
  DATABASE_STATEMENT_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.statementTimeoutMs}`,
    'PostgreSQL: how long a statement may run, lock waits included, in milliseconds.',
  ),
  DATABASE_IDLE_IN_TRANSACTION_TIMEOUT_MS: variable(
    milliseconds,
    `${defaultSettings.idleInTransactionTimeoutMs}`,
    'PostgreSQL: how long a transaction may stay open without a statement, in milliseconds.',
  ),
  DATABASE_TRANSACTION_POOLER: variable(
    trueOrFalse,
    'false',
    'PostgreSQL: whether connections go through a pooler in transaction mode, such as PgBouncer.',
  ),
  DATABASE_SCHEMA: optionalVariable(
    z.string().max(63, 'at most 63 characters'),
    'the first schema of the search_path that holds the tables, or else its first schema',
    'PostgreSQL: the schema that holds the tables. It must exist.',
  ),
  REDIS_URL: secret(
    optionalVariable(
      redisSchema,
      'processes poll the database twice a second',
      'PostgreSQL: the Redis that sends changes to all processes: redis://user:password@host:port.',
    ),
  ),
  REDIS_DEPLOYMENT: optionalVariable(
    z.string(),
    'the identifier of the database',
    'Redis: the name of this deployment. Other deployments on the same Redis must have other names.',
  ),
  CACHE_MEMORY_MIB: optionalVariable(
    wholeNumber(0, 1_048_576),
    `PostgreSQL: ${postgresCacheMiB}; SQLite: 0`,
    'How much memory each process may use to cache pages of logs, in MiB. 0 turns the cache off.',
  ),
  CACHE_TTL_SECONDS: variable(seconds, '3600', 'How long a page stays cached, even of a deleted session, in seconds.'),
  CACHE_REDIS: variable(
    trueOrFalse,
    'false',
    'PostgreSQL: whether processes share their cached pages through REDIS_URL.',
  ),
  CONTEXT_NAMESPACE: variable(namespaceSchema, 'default', 'The namespace of calls whose credentials name none.'),
  CONTEXT_AGENT: optionalVariable(agentSchema, 'the name of the client', 'The agent of calls that name no agent.'),
  CONTEXT_PROJECT: optionalVariable(
    namedProjectSchema,
    'mcp-stdio: the git remote or the folder in which the client works; mcp-http: none',
    'The project of calls whose client names none. The value none keeps mcp-stdio from looking for one.',
  ),
  MAX_CONTENT_BYTES: variable(
    wholeNumber(1, 64 * 1024 * 1024),
    '1048576',
    'The largest content of one entry, in UTF-8 bytes.',
  ),
  DORMANT_AFTER_SECONDS: variable(seconds, '86400', 'How long a session without activity stays active, in seconds.'),
  SESSION_TTL_SECONDS: optionalVariable(
    seconds,
    'never',
    'When a session that sets no TTL expires, in seconds after its last activity.',
  ),
  HANDOFF_TTL_SECONDS: variable(seconds, '604800', 'How long an offer that sets no time stays pending, in seconds.'),
  TAKE_OVER_AFTER_SECONDS: variable(
    seconds,
    `${limits.takeOverAfterMs / 1000}`,
    'How long an owner must be silent before its session may be taken over, in seconds.',
  ),
  TAKE_OVER_BY: variable(
    takeOverSchema,
    'project',
    'Who may ask for a session: its participants, project (also agents of its project) or namespace.',
  ),
  LOG_LEVEL: optionalVariable(
    logLevelSchema,
    'info; mcp-stdio: warn',
    'The least severe level to log: fatal, error, warn, info, debug (every call) or silent (nothing).',
  ),
} as const satisfies EnvironmentTable;

/** The variable of the programs that change or check API keys. */
export const apiKeysEnvironmentTable = {
  API_KEYS_FILE: optionalVariable(
    z.string(),
    'no API keys',
    'The file of hashed API keys. It is read again when it changes.',
  ),
} as const satisfies EnvironmentTable;

/**
 * Reads every variable of a table. Removes white space around texts, because files and shells leave line breaks there.
 * An empty variable counts as unset, unless the table gives it a meaning.
 * @throws VALIDATION_ERROR (names all wrong variables, one line each)
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

/** Creates the error of a wrong environment, with one line for each variable. */
export function environmentError(issues: readonly { path: string; message: string }[]): ContextStoreError {
  const lines = issues.map(({ path, message }) => `${path} is not valid: ${message}`);
  return new ContextStoreError('VALIDATION_ERROR', lines.join('\n'), { issues });
}

/** Returns the options of `openContextStore` that the variables set. */
export function contextStoreOptions(environment: Environment<typeof environmentTable>): OpenContextStoreOptions {
  const { SESSION_TTL_SECONDS: sessionTtlSeconds, REDIS_URL: redisUrl, CONTEXT_PROJECT: project } = environment;
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
    project: project === noProject ? undefined : project,
    maxContentBytes: environment.MAX_CONTENT_BYTES,
    dormantAfterMs: environment.DORMANT_AFTER_SECONDS * 1000,
    sessionTtlMs: sessionTtlSeconds === undefined ? undefined : sessionTtlSeconds * 1000,
    handoffTtlMs: environment.HANDOFF_TTL_SECONDS * 1000,
    takeOverAfterMs: environment.TAKE_OVER_AFTER_SECONDS * 1000,
    takeOverBy: environment.TAKE_OVER_BY,
  };
}

/**
 * Opens a context store for a program that reads its options from the environment, or adds some of its own: messages
 * name variables in place of options.
 * @throws VALIDATION_ERROR, STORE_UNAVAILABLE: see `openContextStore`
 */
export const openConfiguredStore = (options: OpenContextStoreOptions): Promise<ContextStore> =>
  open(options, nameVariables);

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
