import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createCachedStore } from '@org/cache-keyv';
import { createRedisLevel } from '@org/cache-keyv/redis';
import { createContextStore, noTelemetry, type ContextStore, type Store, type Telemetry } from '@org/domain';
import { closedLoop } from '../closed-loop.js';
import { cpuFacts, lookAtCpu } from '../cpu-time.js';
import { fillPostgres } from '../filled/fill-postgres.js';
import { fillSqlite } from '../filled/fill-sqlite.js';
import { append, read } from '../filled/calls.js';
import { entriesEach, type FilledLogs } from '../filled/filled-logs.js';
import { owner } from '../postgres/bench-database.js';
import { openRedisCpu, type RedisCpu } from '../redis-cpu.js';
import { orMissing, type Bar, type Comparison, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';
import { zipf } from '../zipf.js';

const callers = 8;
const memoryMiB = 192;
const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

const levels = ['no cache', 'in memory', 'in memory and Redis'] as const;
type Level = (typeof levels)[number];
const levelsOf = { PostgreSQL: levels, SQLite: levels.slice(0, 2) } as const;
type Engine = keyof typeof levelsOf;
/** The shares of calls that append. The others are getContext of 20 and of 100 entries, and getBriefing, one third each. */
const loads = { reads: 0, 'reads and 70 % appends': 0.7 } as const;
type Load = keyof typeof loads;
const variant = (engine: Engine, level: Level, load: Load): string => `${engine}, ${load}, ${level}`;

const hitRatio = 'hits/lookup';
const rowsPerRead = 'rows read/read';
const cpu = 'CPU µs/call, all processes';

export const cache: Row = {
  name: 'cache',
  title: `Reads of 2,000 sessions of ${entriesEach} entries by a Zipf distribution, ${callers} callers`,
  open,
};

/** A library with a cache of one level, or none. */
interface Subject {
  readonly store: Store;
  readonly contextStore: ContextStore;
  readonly lookups: { hits: number; misses: number };
}

async function open(context: RowContext): Promise<OpenRow> {
  const sessions = context.effort.isQuick ? 20 : 2000;
  const missing: string[] = [];
  const sqlite = await openEngine(context, 'SQLite', await fillSqlite(context, sessions), sessions, undefined);
  const postgres = await orMissing(openPostgres(context, sessions), missing);
  return {
    measureRound: takeTurns([...(postgres?.groups ?? []), ...sqlite.groups], context),
    comparisons: [...comparisons('PostgreSQL'), ...comparisons('SQLite')],
    settings: { sessions: String(sessions), 'memory MiB': String(memoryMiB), ...postgres?.settings },
    missing,
  };
}

interface OpenEngine extends Pick<FilledLogs, 'settings'> {
  readonly groups: readonly ReadonlyMap<string, Measure>[];
}

async function openPostgres(context: RowContext, sessions: number): Promise<OpenEngine> {
  const redis = await openRedisCpu(redisUrl, context);
  context.progress(`PostgreSQL: filling ${sessions} sessions`);
  return openEngine(context, 'PostgreSQL', await fillPostgres(context, sessions), sessions, redis);
}

async function openEngine(
  context: RowContext,
  engine: Engine,
  logs: FilledLogs,
  sessions: number,
  redis: RedisCpu | undefined,
): Promise<OpenEngine> {
  const subjects = new Map<Level, Subject>();
  for (const level of levelsOf[engine]) {
    const subject = await openSubject(context, logs, level);
    subjects.set(level, subject);
    context.progress(`${engine}: reading all sessions, ${level}`);
    await readAll(subject, sessions, context.signal);
    await logs.rowsRead?.(subject.store);
  }
  const pick = zipf(sessions);
  const groups = (Object.keys(loads) as Load[]).map(
    (load) =>
      new Map(
        [...subjects].map(([level, subject]): [string, Measure] => [
          variant(engine, level, load),
          () => measureSubject(context, logs, redis, subject, load, pick),
        ]),
      ),
  );
  return { groups, settings: logs.settings };
}

/** Whoever switches on another one sees for themselves whether it pays. */
const isDefault = (engine: Engine, level: Level): boolean => engine === 'PostgreSQL' && level === 'in memory';

const comparisons = (engine: Engine): Comparison[] =>
  (Object.keys(loads) as Load[]).flatMap((load) =>
    levelsOf[engine].slice(1).flatMap((level): Comparison[] => {
      const judged = (bar: Bar): Bar | undefined => (isDefault(engine, level) ? bar : undefined);
      const [ours, bound] = [variant(engine, level, load), variant(engine, 'no cache', load)];
      const against = (name: string, atMost: number): Comparison => ({
        name: `${ours} / no cache: ${name}`,
        value: (sample) => fact(sample(ours), name) / fact(sample(bound), name),
        bar: judged({ atMost }),
      });
      return [
        { name: `${ours}: hit ratio`, value: (sample) => fact(sample(ours), hitRatio), bar: judged({ atLeast: 0.9 }) },
        ...(engine === 'PostgreSQL' ? [against(rowsPerRead, 0.3)] : []),
        against(cpu, 1),
      ];
    }),
  );

const fact = (sample: Sample, name: string): number => sample.facts?.[name] ?? NaN;

async function openSubject({ resources }: RowContext, logs: FilledLogs, level: Level): Promise<Subject> {
  const lookups = { hits: 0, misses: 0 };
  const telemetry: Telemetry = {
    ...noTelemetry,
    recordCacheLookup: (isHit) => void (lookups[isHit ? 'hits' : 'misses'] += 1),
  };
  const plain = await logs.openStore();
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
  return { store, contextStore, lookups };
}

/** The most wanted last: what a cache would hold after a long time. */
async function readAll({ contextStore }: Subject, sessions: number, signal: AbortSignal): Promise<void> {
  for (let last = sessions; last > 0; last -= callers) {
    signal.throwIfAborted();
    const ranks = Array.from({ length: Math.min(callers, last) }, (_, index) => last - index);
    for (const turn of [0, 2]) await Promise.all(ranks.map((rank) => read(contextStore, rank, turn)));
  }
}

async function measureSubject(
  { effort, signal }: RowContext,
  { serverName, rowsRead }: FilledLogs,
  redis: RedisCpu | undefined,
  { store, contextStore, lookups }: Subject,
  load: Load,
  pick: () => number,
): Promise<Sample> {
  const look = async () => ({
    cpu: lookAtCpu(process.pid, serverName),
    redisUs: (await redis?.usedUs()) ?? 0,
    ...lookups,
  });
  const rowsBefore = await rowsRead?.(store);
  let [turn, reads] = [0, 0];
  let before = await look();
  const sample = await closedLoop(
    { callers, effort, signal, onMeasure: async () => void (before = await look()) },
    async () => {
      // Where nothing is waited for, no timer would ever end the measurement.
      if (serverName === undefined) await nextTurn();
      turn += 1;
      if (turn % 10 < 10 * loads[load]) return append(contextStore, pick());
      reads += 1;
      return read(contextStore, pick(), reads);
    },
  );
  const after = await look();
  const rowsAfter = await rowsRead?.(store);
  const facts = cpuFacts(before.cpu, after.cpu, sample.calls);
  const redisUs = (after.redisUs - before.redisUs) / sample.calls;
  const looked = after.hits + after.misses - before.hits - before.misses;
  return {
    ...sample,
    facts: {
      ...facts,
      ...(redis !== undefined && { 'Redis CPU µs/call': redisUs }),
      [cpu]: (facts['driver CPU µs/call'] ?? NaN) + (facts['database CPU µs/call'] ?? NaN) + redisUs,
      // Warming up is reading, too: what was read then cannot be told from the rest.
      ...(rowsBefore !== undefined && rowsAfter !== undefined && { [rowsPerRead]: (rowsAfter - rowsBefore) / reads }),
      ...(looked > 0 && { [hitRatio]: (after.hits - before.hits) / looked }),
    },
  };
}
