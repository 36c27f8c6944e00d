import { join } from 'node:path';
import { createContextStore, type ContextStore } from '@org/domain';
import { timeOf } from '@org/measure/latencies';
import { median } from '@org/measure/statistics';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { benchDatabase, seedSessions, type BenchDatabase } from '../postgres/bench-database.js';
import { openBufferCounter, type CountBuffers } from '../postgres/count-buffers.js';
import { compare, content, fact, p50Ms, temporaryFolder } from '../row.js';
import type { Comparison, OpenRow, RoundSamples, Row, RowContext } from '../row.js';
import { interleaveCalls } from '../take-turns.js';

type Sizes = readonly [small: number, large: number];
const sizes: Sizes = [100, 100_000];
const operations = ['append', 'latest 20', 'briefing', 'requestHandoff', 'acceptHandoff'] as const;
type Operation = (typeof operations)[number];
/** Every log begins with the same number of pinned entries, so that all briefings are alike. */
const pinnedEntries = 20;

export const growth: Row = {
  name: 'growth',
  title: `One call on sessions of ${sizes.join(' and ')} entries of ${content.length} bytes, on PostgreSQL and SQLite`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const { isQuick } = context.effort;
  const measuredSizes: Sizes = isQuick ? [50, 100] : sizes;
  const calls = isQuick ? 1 : 80;
  const database = await benchDatabase(context);
  // With more sessions, the planner never reads the whole table.
  await seedSessions(database, isQuick ? 50 : 1000);
  const onPostgres = await openSubjects(context, 'PostgreSQL', await openPostgres(database), measuredSizes);
  await database.query('vacuum analyze');
  await database.checkpoint();
  const countBuffers = await openBufferCounter(database, context);
  const onSqlite = await openSubjects(context, 'SQLite', await openSqlite(context), measuredSizes);
  return {
    measureRound: async () => {
      const postgres = await measureCalls(onPostgres, calls, context);
      const buffers = await measureBuffers(countBuffers, onPostgres, isQuick ? 1 : 5);
      const withBuffers = [...postgres].map(
        ([name, sample]) => [name, { ...sample, facts: { buffers: buffers.get(name) ?? NaN } }] as const,
      );
      return new Map([...withBuffers, ...(await measureCalls(onSqlite, calls, context))]);
    },
    comparisons: [
      ...comparisons('PostgreSQL', measuredSizes),
      ...comparisons('SQLite', measuredSizes),
      ...bufferComparisons(measuredSizes),
    ],
    settings: { 'calls of each in a round': String(calls), ...(await database.settings()) },
  };
}

async function openPostgres({ url }: BenchDatabase): Promise<ContextStore> {
  return createContextStore({ store: await createPostgresStore({ url }) });
}

async function openSqlite(context: RowContext): Promise<ContextStore> {
  const path = join(await temporaryFolder(context), 'context.db');
  return createContextStore({ store: await createSqliteStore({ path }) });
}

/** A session of one size, and its operations. */
interface Subject {
  readonly variant: (operation: Operation) => string;
  readonly call: Readonly<Record<Operation, () => Promise<unknown>>>;
}

const variantName = (engine: string, operation: Operation, size: number): string =>
  `${engine}, ${operation}, ${size.toLocaleString('en')}`;

async function openSubjects(
  { resources, signal, progress }: RowContext,
  engine: string,
  contextStore: ContextStore,
  measuredSizes: Sizes,
): Promise<Subject[]> {
  resources.defer(() => contextStore.close());
  const subjects: Subject[] = [];
  for (const size of measuredSizes) {
    progress(`${engine}: filling a session with ${size} entries`);
    const sessionKey = `log-${size}`;
    await fillSession(contextStore, sessionKey, size, signal);
    const variant = (operation: Operation): string => variantName(engine, operation, size);
    subjects.push({ variant, call: callsOn(contextStore, sessionKey) });
  }
  return subjects;
}

async function fillSession(
  contextStore: ContextStore,
  sessionKey: string,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const own = { sessionKey, agent: 'planner' };
  await contextStore.registerSession(own);
  const atOnce = 256;
  for (let written = 0; written < size; written += atOnce) {
    signal.throwIfAborted();
    const pins = Array.from({ length: Math.min(atOnce, size - written) }, (_, at) => written + at < pinnedEntries);
    const append = (pinned: boolean) => contextStore.updateContext({ ...own, contextType: 'message', content, pinned });
    await Promise.all(pins.map(append));
  }
}

/** Two agents hand the session to each other. Each operation works on what the one before it left. */
function callsOn(contextStore: ContextStore, sessionKey: string): Subject['call'] {
  let [agent, targetAgent, handoffId] = ['planner', 'implementer', ''];
  return {
    append: () => contextStore.updateContext({ sessionKey, agent, contextType: 'message', content }),
    'latest 20': () => contextStore.getContext({ sessionKey }),
    briefing: () => contextStore.getBriefing({ sessionKey }),
    requestHandoff: async () => {
      const offer = { sessionKey, agent, targetAgent, requestType: 'full_handoff', summary: 'Half done.' } as const;
      ({ handoffId } = (await contextStore.requestHandoff(offer)).handoff);
    },
    acceptHandoff: async () => {
      await contextStore.acceptHandoff({ handoffId, agent: targetAgent });
      [agent, targetAgent] = [targetAgent, agent];
    },
  };
}

function measureCalls(subjects: readonly Subject[], calls: number, context: RowContext): Promise<RoundSamples> {
  const groups = operations.map(
    (operation) =>
      new Map(subjects.map(({ variant, call }) => [variant(operation), () => timeOf(call[operation])] as const)),
  );
  return interleaveCalls(groups, calls, context);
}

/** Counts several times, because it is chance which page has room left. */
async function measureBuffers(
  countBuffers: CountBuffers,
  subjects: readonly Subject[],
  times: number,
): Promise<Map<string, number>> {
  const counts = new Map<string, number[]>();
  for (let time = 0; time < times; time += 1) {
    for (const operation of operations) {
      for (const { variant, call } of subjects) {
        const name = variant(operation);
        counts.set(name, [...(counts.get(name) ?? []), await countBuffers(call[operation])]);
      }
    }
  }
  return new Map([...counts].map(([name, values]) => [name, median(values)]));
}

const comparisons = (engine: string, [small, large]: Sizes): Comparison[] =>
  operations.map((operation) => ({
    name: `${engine}, ${operation}: p50 at ${large} / at ${small} entries`,
    value: compare([variantName(engine, operation, large), variantName(engine, operation, small)], p50Ms),
    bar: { atMost: 1.25 },
  }));

const bufferComparisons = ([small, large]: Sizes): Comparison[] =>
  operations.map((operation) => ({
    name: `PostgreSQL, ${operation}: buffers at ${large} − at ${small} entries`,
    value: compare(
      [variantName('PostgreSQL', operation, large), variantName('PostgreSQL', operation, small)],
      fact('buffers'),
      (more, fewer) => more - fewer,
    ),
    bar: { atMost: 4 },
  }));
