import { createContextStore, estimateTokens, noTelemetry } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { closedLoop, type ClosedLoopSample } from '../closed-loop.js';
import { content } from '../content.js';
import { benchDatabase, owner, seedSessions, sessionKey, type BenchDatabase } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import { profileThisProcess } from '../cpu-profile.js';
import { cpuFacts, lookAtCpu } from '../cpu-time.js';
import { numberedAppend, oneStatementAppend } from '../postgres/one-statement-append.js';
import { findPgbench, pgbenchMissing, runPgbench } from '../postgres/pgbench.js';
import { recordStatements, type Recording } from '../postgres/intercept-statements.js';
import type { Comparison, OpenRow, Row, RowContext, Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

const judged = 32;
/**
 * The most first, with which everything is measured. A quick run leaves a shared server its connections, and pgbench takes
 * two seconds for each.
 */
const callerCountsOf = ({ effort }: RowContext): readonly [most: number, ...number[]] =>
  effort.isQuick ? [8] : [judged, 8, 1];
const sessionsOf = ({ effort }: Pick<RowContext, 'effort'>): number => (effort.isQuick ? 100 : 10_000);
const anySession = (context: Pick<RowContext, 'effort'>): string =>
  sessionKey(1 + Math.floor(Math.random() * sessionsOf(context)));

const contentBytes = Buffer.byteLength(content);
const estimatedTokens = estimateTokens(contentBytes);
const namespace = 'default';

export const appendPostgres: Row = {
  name: 'append-postgres',
  title: `Library append on PostgreSQL: 10,000 sessions, ${contentBytes} bytes, TCP`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const sessions = sessionsOf(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  const library = await openLibrary(context, database);
  const callerCounts = callerCountsOf(context);
  const [most] = callerCounts;
  const pgbench = findPgbench();

  context.progress('recording batches');
  const recording = await recordStatements(() => library.measure(most, library.updateContext));

  const groups = callerCounts.map((callers) => {
    const group = new Map([[`library, ${callers} callers`, () => library.measure(callers, library.updateContext)]]);
    if (pgbench === undefined) return group;
    return group.set(`pgbench, ${callers} clients`, () => measurePgbench(context, database, pgbench, callers));
  });
  groups[0]
    ?.set(`store port, ${most} callers`, () => library.measure(most, library.appendEntry))
    .set('raw pg, the same batches', sendBatches(context, database, recording))
    .set(`raw pg, one by one, ${most}`, sendOneByOne(context, database, most));

  const fromTheSameState =
    (measure: Measure): Measure =>
    async () => {
      await reset();
      const sample = await measure();
      await requireEntries(database, ((sample.callsPerSecond ?? NaN) * context.effort.measureMs) / 1000);
      return sample;
    };
  return {
    measureRound: takeTurns(
      groups.map((group) => new Map([...group].map(([name, measure]) => [name, fromTheSameState(measure)]))),
      context,
    ),
    comparisons: comparisons(callerCounts),
    settings: { sessions: String(sessions), ...(await serverSettings(database)) },
    missing: pgbench === undefined ? [pgbenchMissing] : [],
    profile: async () => {
      await reset();
      return profileThisProcess(() => library.measure(most, library.updateContext));
    },
  };
}

/** A guard that lets nothing through is fast, too. @throws when the log grew by less than was reported */
async function requireEntries(database: BenchDatabase, reported: number): Promise<void> {
  const [row] = await database.query('select count(*)::integer as entries from context_history');
  // The rate is of a time that is not exactly the one asked for.
  if (Number(row?.['entries']) >= 0.9 * reported) return;
  throw new Error(`${Math.round(reported)} appends were reported, and there are ${String(row?.['entries'])} entries`);
}

function comparisons(callerCounts: readonly [most: number, ...number[]]): Comparison[] {
  const [most] = callerCounts;
  return [
    ...callerCounts.map((callers) =>
      against(`library, ${callers} callers`, `pgbench, ${callers} clients`, callers === judged ? 1 : undefined),
    ),
    against(`store port, ${most} callers`, `pgbench, ${most} clients`),
    against(`library, ${most} callers`, `store port, ${most} callers`),
    against(`library, ${most} callers`, 'raw pg, the same batches'),
    against(`library, ${most} callers`, `raw pg, one by one, ${most}`),
  ];
}

function against(variant: string, limit: string, atLeast?: number): Comparison {
  return {
    name: `${variant} / ${limit}`,
    value: (sample) => (sample(variant).callsPerSecond ?? NaN) / (sample(limit).callsPerSecond ?? NaN),
    ...(atLeast !== undefined && { bar: { atLeast } }),
  };
}

async function openLibrary(context: RowContext, database: BenchDatabase) {
  let statements = 0;
  const store = await createPostgresStore({
    url: database.url,
    telemetry: {
      ...noTelemetry,
      recordStatement: (name) => {
        if (name.startsWith('append_entries')) statements += 1;
      },
    },
  });
  const contextStore = createContextStore({ store }, { agent: owner, namespace });
  context.resources.defer(() => contextStore.close());

  return {
    updateContext: async () => {
      await contextStore.updateContext({ sessionKey: anySession(context), contextType: 'message', content });
      return 1;
    },
    appendEntry: async () => {
      await store.appendEntry({
        namespace,
        agent: owner,
        sessionKey: anySession(context),
        contextType: 'message',
        content,
        contentBytes,
        estimatedTokens,
        metadata: {},
        pinned: false,
      });
      return 1;
    },
    measure: async (callers: number, call: () => Promise<number>): Promise<Sample> => {
      let statementsBefore = 0;
      const sample = await measured(context, database, callers, call, () => {
        statementsBefore = statements;
      });
      return {
        ...sample,
        facts: { ...sample.facts, 'entries/statement': sample.calls / (statements - statementsBefore) },
      };
    },
  };
}

/** A closed loop in this process, with what it costs here and in the database. */
async function measured(
  { effort, signal }: Pick<RowContext, 'effort' | 'signal'>,
  database: BenchDatabase,
  callers: number,
  call: (caller: number) => Promise<number>,
  onMeasure?: () => void,
): Promise<ClosedLoopSample> {
  let before = lookAtCpu(process.pid, database.name);
  const begin = (): void => {
    onMeasure?.();
    before = lookAtCpu(process.pid, database.name);
  };
  const sample = await closedLoop({ callers, effort, signal, onMeasure: begin }, call);
  return { ...sample, facts: cpuFacts(before, lookAtCpu(process.pid, database.name), sample.calls) };
}

function measurePgbench(
  context: RowContext,
  database: BenchDatabase,
  program: string,
  clients: number,
): Promise<Sample> {
  const statement = oneStatementAppend({
    namespace: ':namespace',
    sessionKey: `('session-' || :session)`,
    agent: ':agent',
    epoch: ':epoch',
    metadata: ':metadata',
    contentBytes: ':bytes',
    estimatedTokens: ':tokens',
    content: ':content',
  });
  return runPgbench({
    ...context,
    database,
    program,
    clients,
    script: `\\set session random(1, ${sessionsOf(context)})\n${statement};\n`,
    variables: {
      namespace,
      agent: owner,
      epoch: '1',
      metadata: '{}',
      content,
      bytes: String(contentBytes),
      tokens: String(estimatedTokens),
    },
  });
}

/** Sends the library's own batches once more, statement and values, on as many connections: only the driver is left. */
function sendBatches(context: RowContext, database: BenchDatabase, { statements, connections }: Recording): Measure {
  const batches = statements.filter(({ name }) => name.startsWith('append_entries')).slice(-500);
  let next = 0;
  return () =>
    withClients(database, connections, (clients) =>
      measured(context, database, connections, async (caller) => {
        const batch = batches[next++ % batches.length];
        const answer = batch && (await clients[caller]?.query({ ...batch }));
        return answer?.rows.length ?? 0;
      }),
    );
}

function sendOneByOne(context: RowContext, database: BenchDatabase, callers: number): Measure {
  return () =>
    withClients(database, callers, (clients) =>
      measured(context, database, callers, async (caller) => {
        const values = [namespace, anySession(context), owner, 1, '{}', contentBytes, estimatedTokens, content];
        const answer = await clients[caller]?.query({ name: 'append', text: numberedAppend, values });
        return answer?.rows.length ?? 0;
      }),
    );
}

/** Connections are there only while they are measured: a server with many idle ones is a slower server. */
async function withClients<T>(
  { url }: BenchDatabase,
  count: number,
  use: (clients: readonly Client[]) => Promise<T>,
): Promise<T> {
  const clients = Array.from({ length: count }, () => new Client({ connectionString: url }));
  try {
    await Promise.all(clients.map((client) => client.connect()));
    return await use(clients);
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}
