import type {
  CacheSettings,
  Caller,
  EntriesOptions,
  OffersOptions,
  OpenContextStoreOptions,
  PostgresSettings,
  RedisSettings,
  SqliteSettings,
  WorkOptions,
} from '@org/context-store';
import type { ContextStoreOptions } from '@org/domain';
import { interfaceComments } from './field-comments.js';
import { markdownTable } from './markdown-table.js';

const opening = interfaceComments('context-store/src/open/open-context-store.ts', 'OpenContextStoreOptions');
const rules = interfaceComments('domain/src/context-store.ts', 'ContextStoreOptions');
const postgres = interfaceComments('store-kysely/src/postgres/create-postgres-store.ts', 'PostgresStoreOptions');
const sqlite = interfaceComments('store-kysely/src/sqlite/create-sqlite-store.ts', 'SqliteStoreOptions');
const carrier = interfaceComments('context-store/src/open/open-carrier.ts', 'RedisSettings');
const bus = interfaceComments('bus-redis/src/create-redis-bus.ts', 'RedisBusOptions');
const cache = interfaceComments('context-store/src/open/open-cache.ts', 'CacheSettings');

type Documented<Options> = Readonly<Record<keyof Options, ReadonlyMap<string, string>>>;

/** The comments that document each option. The compiler reports an option that is missing here. */
const options: Documented<ContextStoreOptions> & Documented<OpenContextStoreOptions> = {
  database: opening,
  migrate: opening,
  namespace: rules,
  agent: rules,
  project: rules,
  maxContentBytes: rules,
  dormantAfterMs: rules,
  sessionTtlMs: rules,
  handoffTtlMs: rules,
  takeOverAfterMs: rules,
  takeOverBy: rules,
  callTimeoutMs: rules,
  telemetry: opening,
  sqlite: opening,
  postgres: opening,
  redis: opening,
  cache: opening,
};
const sqliteSettings: Documented<SqliteSettings> = { onStateChange: sqlite };
const postgresSettings: Documented<PostgresSettings> = {
  poolSize: postgres,
  maxWaiting: postgres,
  connectTimeoutMs: postgres,
  statementTimeoutMs: postgres,
  idleInTransactionTimeoutMs: postgres,
  transactionPooler: postgres,
  schema: postgres,
};
const redisSettings: Documented<RedisSettings> = { url: bus, deployment: carrier, onStateChange: bus };
const cacheSettings: Documented<CacheSettings> = {
  maxBytes: cache,
  ttlMs: cache,
  sharesByRedis: cache,
  onStateChange: cache,
};

const rowsOf = (prefix: string, documented: Readonly<Record<string, ReadonlyMap<string, string>>>): string[][] =>
  Object.entries(documented).map(([name, comments]) => {
    const comment = comments.get(name);
    if (comment === undefined) throw new Error(`${prefix}${name} has no doc comment`);
    return [`\`${prefix}${name}\``, comment];
  });

const caller = interfaceComments('domain/src/calling/caller.ts', 'Caller');
const entries = interfaceComments('domain/src/streams/entries.ts', 'EntriesOptions');
const offers = interfaceComments('domain/src/streams/offers.ts', 'OffersOptions');
const worker = interfaceComments('domain/src/work/work-options.ts', 'WorkOptions');

const callerFields: Documented<Caller> = {
  namespace: caller,
  agent: caller,
  project: caller,
  process: caller,
  signal: caller,
};
const entriesOptions: Documented<EntriesOptions> = {
  sessionKey: entries,
  afterSequence: entries,
  types: entries,
  follow: entries,
  signal: entries,
};
const offersOptions: Documented<OffersOptions> = { roles: offers, signal: offers, onError: offers };
const workOptions: Documented<WorkOptions> = {
  roles: worker,
  leaseSeconds: worker,
  concurrency: worker,
  maxTokens: worker,
  signal: worker,
  drainMs: worker,
  onError: worker,
};

/** Returns a table of the options of the methods that no tool has. */
export const libraryMethodsReference = (): string =>
  markdownTable(
    ['method and option', 'what it is'],
    [
      ...rowsOf('as ', callerFields),
      ...rowsOf('entries ', entriesOptions),
      ...rowsOf('offers ', offersOptions),
      ...rowsOf('work ', workOptions),
    ],
  );

/** Returns a table of the options of `openContextStore`. */
export const libraryOptionsReference = (): string =>
  markdownTable(
    ['option', 'what it is'],
    [
      ...rowsOf('', options),
      ...rowsOf('sqlite.', sqliteSettings),
      ...rowsOf('postgres.', postgresSettings),
      ...rowsOf('redis.', redisSettings),
      ...rowsOf('cache.', cacheSettings),
    ],
  );
