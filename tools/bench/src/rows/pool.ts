import { openContextStore, type ContextStore } from '@org/context-store';
import { contextStoreOptions, environmentTable, readEnvironment } from '@org/context-store/environment';
import { defaultSettings } from '@org/store-kysely/postgres/configuration';
import { startPgbouncer, type Pgbouncer } from '@org/store-kysely/testing';
import { closedLoop } from '../closed-loop.js';
import { findOnPath } from '../find-on-path.js';
import { cpuFacts, lookAtCpu } from '../cpu-time.js';
import { append, offer, read } from '../filled/calls.js';
import { filledDatabase } from '../filled/fill-postgres.js';
import { entriesEach } from '../filled/filled-logs.js';
import { benchDatabase, owner, seedSessions, serverUrl, type BenchDatabase } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import {
  MissingService,
  orMissing,
  type Comparison,
  type Effort,
  type OpenRow,
  type Row,
  type RowContext,
  type Sample,
} from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

/** Makes one call. */
type Call = (contextStore: ContextStore, session: number, turn: number) => Promise<number>;

/** Appends share their commits, whatever the size of the pool; offers have one each; reads have none. */
const workloads = {
  updateContext: append,
  requestHandoff: offer,
  'reads and 30 % updateContext': (contextStore, session, turn) =>
    turn % 10 < 3 ? append(contextStore, session) : read(contextStore, session, turn),
} as const satisfies Readonly<Record<string, Call>>;
type Workload = keyof typeof workloads;

const defaultSize = defaultSettings.poolSize;
/** So many callers, and the sizes worth a measurement beside the default: eight callers have use for eight connections. */
const fullGrid: readonly (readonly [callers: number, sizes: readonly number[]])[] = [
  [8, [2, 4, 8]],
  [32, [2, 4, 8, 16]],
  [128, [4, 8, 16]],
];
const quickGrid: typeof fullGrid = [[8, [1]]];
/** Behind PgBouncer, which has as many connections as the pool, so many callers are measured. */
const callersBehindPgbouncer = 32;

/** How the library gets its connections. */
interface Way {
  readonly name: string;
  readonly size: number;
  readonly pgbouncer?: Pgbouncer | undefined;
}
const poolOf = (size: number): Way => ({ name: `pool of ${size}`, size });
const asByDefault = poolOf(defaultSize);

/** Variants that are compared with each other, the default among them. */
interface Group {
  readonly workload: Workload;
  readonly callers: number;
  readonly ways: readonly Way[];
}

export const pool: Row = {
  name: 'pool',
  title: 'DATABASE_POOL_SIZE: the library on PostgreSQL, with the cache that servers have, by size and callers',
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const { isQuick } = context.effort;
  const emptyLogs = await openEmptyLogs(context, isQuick ? 50 : 10_000);
  const subjects: Readonly<Record<Workload, Subject>> = {
    updateContext: emptyLogs,
    requestHandoff: emptyLogs,
    'reads and 30 % updateContext': await openFilledLogs(context, isQuick ? 10 : 50),
  };
  const missing: string[] = [];
  const pgbouncer = await orMissing(openPgbouncer(context), missing);
  const grid = isQuick ? quickGrid : fullGrid;
  const groups = (Object.keys(workloads) as Workload[]).flatMap((workload) =>
    grid.map(([callers, sizes]): Group => {
      const ways = sizes.filter((size) => size !== defaultSize).map(poolOf);
      const isMeasuredBehind = pgbouncer !== undefined && (isQuick || callers === callersBehindPgbouncer);
      const behind = isMeasuredBehind
        ? [{ ...asByDefault, name: `${asByDefault.name} behind PgBouncer`, pgbouncer }]
        : [];
      return { workload, callers, ways: [asByDefault, ...ways, ...behind] };
    }),
  );
  const effort = halfOf(context.effort);
  const variants = ({ workload, callers, ways }: Group): Map<string, Measure> =>
    new Map(
      ways.map((way) => [
        variant(workload, callers, way),
        () => measure({ ...context, effort }, subjects[workload], workload, callers, way),
      ]),
    );
  return {
    measureRound: takeTurns(groups.map(variants), context),
    comparisons: groups.flatMap(comparisons),
    settings: {
      'default size': String(defaultSize),
      'measured for': `${effort.measureMs / 1000} s after ${effort.warmupMs / 1000} s of warm-up`,
      ...Object.fromEntries(Object.entries(subjects).map(([name, { logs }]) => [name, logs])),
      ...(await serverSettings(subjects.updateContext.database)),
    },
    missing,
  };
}

/** There are many variants: so they make do with half of the time. */
const halfOf = (effort: Effort): Effort => ({
  ...effort,
  warmupMs: effort.warmupMs / 2,
  measureMs: effort.measureMs / 2,
});

const variant = (workload: Workload, callers: number, way: Way): string =>
  `${workload}, ${callers} callers, ${way.name}`;

const comparisons = ({ workload, callers, ways }: Group): Comparison[] =>
  ways
    .filter((way) => way !== asByDefault)
    .flatMap((way) => {
      const [ours, bound] = [variant(workload, callers, way), variant(workload, callers, asByDefault)];
      const against = (what: string, figure: (sample: Sample) => number | undefined): Comparison => ({
        name: `${ours} / of ${defaultSize}: ${what}`,
        value: (sample) => (figure(sample(ours)) ?? NaN) / (figure(sample(bound)) ?? NaN),
      });
      return [against('calls/s', (sample) => sample.callsPerSecond), against('p95', (sample) => sample.p95Ms)];
    });

async function openPgbouncer({ resources }: RowContext): Promise<Pgbouncer> {
  if (findOnPath('pgbouncer') === undefined) throw new MissingService('PgBouncer: install pgbouncer');
  const pgbouncer = await startPgbouncer(serverUrl, defaultSize);
  resources.defer(() => pgbouncer.stop());
  return pgbouncer;
}

/** What a workload works on. */
interface Subject {
  readonly database: BenchDatabase;
  readonly sessions: number;
  /** In words. */
  readonly logs: string;
  /** Whether a server that has been running for a while has all of it in its cache. */
  readonly isCached: boolean;
  /** Brings it to where every variant begins. */
  readonly reset: () => Promise<void>;
}

async function openEmptyLogs(context: RowContext, sessions: number): Promise<Subject> {
  const database = await benchDatabase(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  return { database, sessions, logs: `${sessions} sessions without entries`, isCached: false, reset };
}

/** All of them fit into the cache, and what is appended to them does not matter to what a read costs. */
async function openFilledLogs(context: RowContext, sessions: number): Promise<Subject> {
  context.progress(`filling ${sessions} sessions`);
  const database = await filledDatabase(context, sessions);
  const logs = `${sessions} sessions of ${entriesEach} entries`;
  return { database, sessions, logs, isCached: true, reset: database.checkpoint };
}

/** The pool is there only while it is measured: a server with many idle connections is a slower server. */
async function measure(
  { effort, signal }: RowContext,
  { database, sessions, isCached, reset }: Subject,
  workload: Workload,
  callers: number,
  way: Way,
): Promise<Sample> {
  await reset();
  const contextStore = await openAsInProduction(database, way);
  const look = () => lookAtCpu(process.pid, database.name, way.pgbouncer?.pid);
  const anySession = (): number => 1 + Math.floor(Math.random() * sessions);
  try {
    if (isCached) await readAll(contextStore, sessions);
    let turn = 0;
    let before = look();
    const sample = await closedLoop({ callers, effort, signal, onMeasure: () => void (before = look()) }, () => {
      turn += 1;
      return workloads[workload](contextStore, anySession(), turn);
    });
    return { ...sample, facts: cpuFacts(before, look(), sample.calls) };
  } finally {
    await contextStore.close();
  }
}

/** What the cache of a server holds that has been running for a while. */
async function readAll(contextStore: ContextStore, sessions: number): Promise<void> {
  for (const turn of [0, 2]) {
    await Promise.all(Array.from({ length: sessions }, (_, index) => read(contextStore, index + 1, turn)));
  }
}

function openAsInProduction({ url }: BenchDatabase, { size, pgbouncer }: Way): Promise<ContextStore> {
  const env = {
    DATABASE_URL: pgbouncer?.urlOf(url) ?? url,
    DATABASE_POOL_SIZE: String(size),
    DATABASE_TRANSACTION_POOLER: String(pgbouncer !== undefined),
    CONTEXT_AGENT: owner,
  };
  return openContextStore(contextStoreOptions(readEnvironment(environmentTable, env)));
}
