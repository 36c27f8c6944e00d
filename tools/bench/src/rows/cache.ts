import { createCachedStore } from '@org/cache-keyv';
import { createContextStore, noTelemetry, type ContextStore, type Telemetry } from '@org/domain';
import { postgresProcesses } from '@org/measure/cpu';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { closedLoop, cpuPerCall } from '../closed-loop.js';
import { benchDatabase, owner, seedSessions, sessionKey, type BenchDatabase } from '../postgres/bench-database.js';
import {
  compare,
  content,
  fact,
  type Comparison,
  type OpenRow,
  type Row,
  type RowContext,
  type Sample,
} from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';
import { zipf } from '../zipf.js';

const [callers, memoryMiB] = [8, 192];
const [entriesEach, pinnedEvery, tokensEach] = [200, 20, 143];
const levels = ['no cache', 'in memory'] as const;
type Level = (typeof levels)[number];
/** The shares of calls that append. The others are getContext of 20 and of 100 entries, and getBriefing, a third each. */
const loads = { reads: 0, 'reads and 70 % appends': 0.7 } as const;
type Load = keyof typeof loads;
const loadNames = Object.keys(loads) as Load[];
const variant = (level: Level, load: Load): string => `${load}, ${level}`;

const hitRatio = 'hits/lookup';
const allCpu = cpuPerCall('driver and database');

export const cache: Row = {
  name: 'cache',
  title: `Reads of 2,000 sessions of ${entriesEach} entries on PostgreSQL by a Zipf distribution, ${callers} callers`,
  open,
};

/** The library on a store with or without a cache. */
interface Subject {
  readonly contextStore: ContextStore;
  readonly lookups: { hits: number; misses: number };
}

async function open(context: RowContext): Promise<OpenRow> {
  const sessions = context.effort.isQuick ? 20 : 2000;
  const database = await benchDatabase(context);
  context.progress(`filling ${sessions} sessions`);
  await seedSessions(database, sessions);
  await fillSessions(database);
  const subjects = new Map<Level, Subject>();
  for (const level of levels) {
    context.progress(`reading all sessions, ${level}`);
    const subject = await openSubject(context, database, level);
    await readAll(subject, sessions, context.signal);
    subjects.set(level, subject);
  }
  const pick = zipf(sessions);
  const groups = loadNames.map(
    (load) =>
      new Map(
        [...subjects].map(([level, subject]): [string, Measure] => [
          variant(level, load),
          () => measureSubject(context, database, subject, load, pick),
        ]),
      ),
  );
  return {
    measureRound: takeTurns(groups, context),
    comparisons: loadNames.flatMap(comparisons),
    settings: { sessions: String(sessions), 'memory MiB': String(memoryMiB), ...(await database.settings()) },
  };
}

function comparisons(load: Load): Comparison[] {
  const cached = variant('in memory', load);
  return [
    {
      name: `${cached}: hit ratio`,
      value: compare([cached, cached], fact(hitRatio), (ratio) => ratio),
      bar: { atLeast: 0.9 },
    },
    {
      name: `${cached} / no cache: ${allCpu}`,
      value: compare([cached, variant('no cache', load)], fact(allCpu)),
      bar: { atMost: 1 },
    },
  ];
}

/** Inserts the rows that this number of appends would have made. */
async function fillSessions(database: BenchDatabase): Promise<void> {
  await database.query(
    `insert into context_history (session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes,
       estimated_tokens, tokens_before, pinned_before, metadata, content)
     select id, sequence, 'message', '${owner}', 1, sequence % ${pinnedEvery} = 0,
       created_at + sequence * interval '1 ms', ${content.length}, ${tokensEach}, ${tokensEach} * (sequence - 1),
       (sequence - 1) / ${pinnedEvery}, '{}', '${content}'
     from sessions, generate_series(1, ${entriesEach}) as sequence`,
  );
  await database.query(`update sessions set last_sequence = ${entriesEach},
    pinned_count = ${entriesEach / pinnedEvery}, content_bytes = ${entriesEach * content.length},
    estimated_tokens = ${entriesEach * tokensEach}`);
  await database.query('vacuum analyze');
  await database.checkpoint();
}

async function openSubject({ resources }: RowContext, { url }: BenchDatabase, level: Level): Promise<Subject> {
  const lookups = { hits: 0, misses: 0 };
  const telemetry: Telemetry = {
    ...noTelemetry,
    recordCacheLookup: (isHit) => void (lookups[isHit ? 'hits' : 'misses'] += 1),
  };
  const plain = await createPostgresStore({ url });
  const options = { store: plain, maxBytes: memoryMiB * 1024 * 1024, ttlMs: 600_000, telemetry };
  const contextStore = createContextStore(
    { store: level === 'no cache' ? plain : createCachedStore(options) },
    { agent: owner },
  );
  resources.defer(() => contextStore.close());
  return { contextStore, lookups };
}

/** Reads the session that is read most last: this fills the cache as a long run would. */
async function readAll({ contextStore }: Subject, sessions: number, signal: AbortSignal): Promise<void> {
  for (let last = sessions; last > 0; last -= callers) {
    signal.throwIfAborted();
    const ranks = Array.from({ length: Math.min(callers, last) }, (_, index) => last - index);
    for (const turn of [0, 2]) await Promise.all(ranks.map((rank) => read(contextStore, rank, turn)));
  }
}

async function read(contextStore: ContextStore, session: number, turn: number): Promise<void> {
  const target = { sessionKey: sessionKey(session) };
  if (turn % 3 === 0) await contextStore.getBriefing(target);
  else await contextStore.getContext(turn % 3 === 1 ? target : { ...target, limit: 100, maxTokens: 20_000 });
}

async function measureSubject(
  { effort, signal }: RowContext,
  { name }: BenchDatabase,
  { contextStore, lookups }: Subject,
  load: Load,
  pick: () => number,
): Promise<Sample> {
  let [turn, reads] = [0, 0];
  let before = { ...lookups };
  const parts = { 'driver and database': () => [process.pid, ...postgresProcesses(name)] };
  const onMeasure = (): void => void (before = { ...lookups });
  const sample = await closedLoop({ callers, effort, signal, parts, onMeasure }, async () => {
    turn += 1;
    const key = pick();
    if (turn % 10 < 10 * loads[load]) {
      await contextStore.updateContext({ sessionKey: sessionKey(key), contextType: 'message', content });
    } else {
      reads += 1;
      await read(contextStore, key, reads);
    }
    return 1;
  });
  const [hits, misses] = [lookups.hits - before.hits, lookups.misses - before.misses];
  return { ...sample, facts: { ...sample.facts, ...(hits + misses > 0 && { [hitRatio]: hits / (hits + misses) }) } };
}
