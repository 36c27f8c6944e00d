import { randomUUID } from 'node:crypto';
import { createCachedStore } from '@org/cache-keyv';
import { createRedisLevel } from '@org/cache-keyv/redis';
import { createContextStore, noTelemetry, type ContextStore, type Telemetry } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createClient } from '@redis/client';
import { closedLoop } from '../closed-loop.js';
import { content } from '../content.js';
import { cpuFacts, lookAtCpu } from '../cpu-time.js';
import {
  benchDatabase,
  owner,
  seedSessions,
  serverSettings,
  sessionKey,
  type BenchDatabase,
} from '../postgres/bench-database.js';
import { MissingService, type Comparison, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

const entriesEach = 200;
const callers = 8;
const memoryMiB = 128;
const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

const levels = ['no cache', 'in memory', 'in memory and Redis'] as const;
type Level = (typeof levels)[number];
/** The shares of calls that append. The others are getContext of 20 and of 100 entries, and getBriefing, one third each. */
const loads = { reads: 0, 'reads and 70 % appends': 0.7 } as const;
type Load = keyof typeof loads;

const hitRatio = 'hits/lookup';
const rowsRead = 'rows read/read';
const cpu = 'CPU µs/call, all processes';

export const cache: Row = {
  name: 'cache',
  title: `Reads of 2,000 sessions of ${entriesEach} entries by a Zipf distribution, ${callers} callers, on PostgreSQL`,
  open,
};

interface Subject {
  readonly contextStore: ContextStore;
  readonly lookups: { hits: number; misses: number };
}

async function open(context: RowContext): Promise<OpenRow> {
  const sessions = context.effort.isQuick ? 100 : 2000;
  const database = await benchDatabase(context);
  const redis = await openRedis(context);
  context.progress(`filling ${sessions} sessions`);
  await seedSessions(database, sessions);
  await fillSessions(database);
  const pick = zipf(sessions);
  const subjects = new Map<Level, Subject>();
  for (const level of levels) {
    const subject = await openSubject(context, database, level);
    subjects.set(level, subject);
    context.progress(`reading all sessions, ${level}`);
    await readAll(subject, sessions, context.signal);
  }

  const measure = (level: Level, load: Load): Measure => {
    return () => measureSubject(context, database, redis, subjects.get(level), load, pick);
  };
  const groups = (Object.keys(loads) as Load[]).map(
    (load) => new Map(levels.map((level): [string, Measure] => [variant(level, load), measure(level, load)])),
  );
  return {
    measureRound: takeTurns(groups, context),
    comparisons,
    settings: { sessions: String(sessions), 'memory MiB': String(memoryMiB), ...(await serverSettings(database)) },
  };
}

const variant = (level: Level, load: Load): string => `${load}, ${level}`;

const comparisons: readonly Comparison[] = (Object.keys(loads) as Load[]).flatMap((load) =>
  levels.slice(1).flatMap((level): Comparison[] => [
    {
      name: `${variant(level, load)}: hit ratio`,
      value: (sample) => fact(sample(variant(level, load)), hitRatio),
      bar: { atLeast: 0.9 },
    },
    ...[
      { name: rowsRead, atMost: 0.3 },
      { name: cpu, atMost: 1 },
    ].map(({ name, atMost }): Comparison => ({
      name: `${variant(level, load)} / no cache: ${name}`,
      value: (sample) => fact(sample(variant(level, load)), name) / fact(sample(variant('no cache', load)), name),
      bar: { atMost },
    })),
  ]),
);

const fact = (sample: Sample, name: string): number => sample.facts?.[name] ?? NaN;

async function openSubject({ resources }: RowContext, database: BenchDatabase, level: Level): Promise<Subject> {
  const lookups = { hits: 0, misses: 0 };
  const telemetry: Telemetry = {
    ...noTelemetry,
    recordCacheLookup: (isHit) => void (lookups[isHit ? 'hits' : 'misses'] += 1),
  };
  const plain = await createPostgresStore({ url: database.url });
  const redis = { url: redisUrl, deployment: `bench-${randomUUID()}` };
  const store =
    level === 'no cache'
      ? plain
      : createCachedStore({
          store: plain,
          maxBytes: memoryMiB * 1024 * 1024,
          ttlMs: 600_000,
          telemetry,
          ...(level === 'in memory and Redis' && { shared: createRedisLevel(redis) }),
        });
  const contextStore = createContextStore({ store }, { agent: owner });
  resources.defer(() => contextStore.close());
  return { contextStore, lookups };
}

/** The most wanted last: what a cache would hold after a long time. */
async function readAll({ contextStore }: Subject, sessions: number, signal: AbortSignal): Promise<void> {
  for (let last = sessions; last > 0; last -= callers) {
    signal.throwIfAborted();
    const ranks = Array.from({ length: Math.min(callers, last) }, (_, index) => last - index);
    for (const turn of [0, 2]) await Promise.all(ranks.map((rank) => read(contextStore, rank, turn)));
  }
}

/** Straight into the tables: the rows that as many appends would have made. */
async function fillSessions(database: BenchDatabase): Promise<void> {
  await database.query(
    `insert into context_history (session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes,
       estimated_tokens, tokens_before, pinned_before, metadata, content)
     select id, sequence, 'message', '${owner}', 1, sequence % 20 = 0, created_at + sequence * interval '1 ms',
       ${content.length}, 143, 143 * (sequence - 1), (sequence - 1) / 20, '{}', '${content}'
     from sessions, generate_series(1, ${entriesEach}) as sequence`,
  );
  await database.query(`update sessions set last_sequence = ${entriesEach}, pinned_count = ${entriesEach} / 20,
    content_bytes = ${entriesEach * content.length}, estimated_tokens = ${entriesEach * 143}`);
  await database.query('vacuum analyze');
  await database.checkpoint();
}

async function measureSubject(
  { effort, signal }: RowContext,
  database: BenchDatabase,
  redis: RedisCpu,
  subject: Subject | undefined,
  load: Load,
  pick: () => number,
): Promise<Sample> {
  if (subject === undefined) return {};
  const { contextStore, lookups } = subject;
  const look = async () => ({
    cpu: lookAtCpu(process.pid, database.name),
    redisUs: await redis.usedUs(),
    rows: await rowsFetched(database),
    ...lookups,
  });
  let reads = 0;
  let before = await look();
  const sample = await closedLoop(
    {
      callers,
      effort,
      signal,
      onMeasure: async () => {
        before = await look();
        reads = 0;
      },
    },
    async () => {
      if (Math.random() >= loads[load]) reads += 1;
      else return append(contextStore, pick());
      return read(contextStore, pick(), reads);
    },
  );
  const after = await look();
  const facts = cpuFacts(before.cpu, after.cpu, sample.calls);
  const redisUs = (after.redisUs - before.redisUs) / sample.calls;
  const looked = after.hits + after.misses - before.hits - before.misses;
  return {
    ...sample,
    facts: {
      ...facts,
      'Redis CPU µs/call': redisUs,
      [cpu]: (facts['driver CPU µs/call'] ?? NaN) + (facts['database CPU µs/call'] ?? NaN) + redisUs,
      [rowsRead]: (after.rows - before.rows) / reads,
      ...(looked > 0 && { [hitRatio]: (after.hits - before.hits) / looked }),
    },
  };
}

async function append(contextStore: ContextStore, session: number): Promise<number> {
  await contextStore.updateContext({ sessionKey: sessionKey(session), contextType: 'message', content });
  return 1;
}

async function read(contextStore: ContextStore, session: number, turn: number): Promise<number> {
  const target = { sessionKey: sessionKey(session) };
  if (turn % 3 === 0) await contextStore.getBriefing(target);
  else await contextStore.getContext(turn % 3 === 1 ? target : { ...target, limit: 100, maxTokens: 20_000 });
  return 1;
}

/** Of all logs, by whatever index. The server adds up what its processes did once a second. */
async function rowsFetched(database: BenchDatabase): Promise<number> {
  const [row] = await database.query(
    `select (idx_tup_fetch + seq_tup_read)::float8 as rows from pg_stat_user_tables where relname = 'context_history'`,
  );
  return Number(row?.['rows']);
}

/** Picks one of so many sessions, the k-th 1/k times as often as the first. */
function zipf(sessions: number): () => number {
  const sums: number[] = [];
  for (let rank = 1; rank <= sessions; rank += 1) sums.push((sums.at(-1) ?? 0) + 1 / rank);
  const total = sums.at(-1) ?? 0;
  return () => {
    const wanted = Math.random() * total;
    let [low, high] = [0, sessions - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low + 1;
  };
}

interface RedisCpu {
  /** CPU time since it started, in microseconds. */
  readonly usedUs: () => Promise<number>;
}

async function openRedis({ resources }: RowContext): Promise<RedisCpu> {
  const client = createClient({ url: redisUrl, socket: { reconnectStrategy: false } }).on('error', () => undefined);
  await client.connect().catch((error: unknown) => {
    throw new MissingService(`a Redis at ${new URL(redisUrl).host}: start one, or name it in REDIS_TEST_URL`, {
      cause: error,
    });
  });
  resources.defer(() => client.destroy());
  return {
    usedUs: async () => {
      const info = await client.info('cpu');
      const times = [...info.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, seconds]) => Number(seconds));
      return times.reduce((sum, seconds) => sum + seconds, 0) * 1e6;
    },
  };
}
