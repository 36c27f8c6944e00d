import { createContextStore, estimateTokens } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { closedLoop, type ClosedLoopSample } from '../closed-loop.js';
import { content } from '../content.js';
import {
  benchDatabase,
  owner,
  seedSessions,
  serverSettings,
  sessionKey,
  type BenchDatabase,
} from '../postgres/bench-database.js';
import { databaseCpuUs } from '../cpu-time.js';
import { numberedAppend, oneStatementAppend } from '../postgres/one-statement-append.js';
import { findPgbench, pgbenchMissing, runPgbench } from '../postgres/pgbench.js';
import { recordStatements, type Recording } from '../postgres/intercept-statements.js';
import type { Comparison, OpenRow, Row, RowContext, Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

const sessions = 10_000;
const callerCounts = [32, 8, 1];
const most = 32;
const contentBytes = Buffer.byteLength(content);
const estimatedTokens = estimateTokens(contentBytes);
const namespace = 'default';

const anySession = (): number => 1 + Math.floor(Math.random() * sessions);

export const appendPostgres: Row = {
  name: 'append-postgres',
  title: `Library append on PostgreSQL: ${sessions} sessions, ${contentBytes} bytes, TCP`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  const library = await openLibrary(context, database);
  const pgbench = findPgbench();

  const fromTheSameState =
    (measure: Measure): Measure =>
    async () => {
      await reset();
      return measure();
    };
  const groups = callerCounts.map((callers) => {
    const group = new Map([
      [`library, ${callers} callers`, fromTheSameState(() => library.measure(callers, library.updateContext))],
    ]);
    if (pgbench !== undefined) {
      const run: Measure = () => measurePgbench(context, database, pgbench, callers);
      group.set(`pgbench, ${callers} clients`, fromTheSameState(run));
    }
    return group;
  });
  const recording = await recordStatements(() => library.measure(most, library.updateContext));
  const others = new Map<string, Measure>([
    [`store port, ${most} callers`, () => library.measure(most, library.appendEntry)],
    ['raw pg, the same batches', await openBatches(context, database, recording)],
    [`raw pg, one by one, ${most}`, await openOneByOne(context, database, most)],
  ]);
  for (const [name, measure] of others) groups[0]?.set(name, fromTheSameState(measure));
  return {
    measureRound: takeTurns(groups, context),
    comparisons,
    settings: await serverSettings(database),
    missing: pgbench === undefined ? [pgbenchMissing] : [],
    profile: async () => {
      await reset();
      return library.measure(32, library.updateContext);
    },
  };
}

const comparisons: readonly Comparison[] = [
  against('library, 32 callers', 'pgbench, 32 clients', 1),
  against('library, 8 callers', 'pgbench, 8 clients'),
  against('library, 1 callers', 'pgbench, 1 clients'),
  against('store port, 32 callers', 'pgbench, 32 clients'),
  against('library, 32 callers', 'store port, 32 callers'),
  against('library, 32 callers', 'raw pg, the same batches'),
  against('library, 32 callers', 'raw pg, one by one, 32'),
];

function against(variant: string, limit: string, atLeast?: number): Comparison {
  return {
    name: `${variant} / ${limit}`,
    value: (sample) => (sample(variant).callsPerSecond ?? NaN) / (sample(limit).callsPerSecond ?? NaN),
    ...(atLeast !== undefined && { bar: { atLeast } }),
  };
}

async function openLibrary({ effort, signal, resources }: RowContext, database: BenchDatabase) {
  let statements = 0;
  const store = await createPostgresStore({
    url: database.url,
    observer: {
      statementRun: (name) => {
        if (name.startsWith('append_entries')) statements += 1;
      },
    },
  });
  const contextStore = createContextStore({ store }, { agent: owner, namespace });
  resources.defer(() => contextStore.close());

  return {
    updateContext: async () => {
      await contextStore.updateContext({ sessionKey: sessionKey(anySession()), contextType: 'message', content });
      return 1;
    },
    appendEntry: async () => {
      await store.appendEntry({
        namespace,
        agent: owner,
        sessionKey: sessionKey(anySession()),
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
      const sample = await measured({ effort, signal }, database, callers, call, () => {
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
  const look = () => ({ driver: process.cpuUsage(), databaseUs: databaseCpuUs(database.name) });
  let before = look();
  const sample = await closedLoop(
    {
      callers,
      effort,
      signal,
      onMeasure: () => {
        onMeasure?.();
        before = look();
      },
    },
    call,
  );
  const { user, system } = process.cpuUsage(before.driver);
  const databaseUs = (databaseCpuUs(database.name) ?? NaN) - (before.databaseUs ?? NaN);
  return {
    ...sample,
    facts: {
      'driver CPU µs/call': (user + system) / sample.calls,
      ...(Number.isFinite(databaseUs) && { 'database CPU µs/call': databaseUs / sample.calls }),
    },
  };
}

function measurePgbench(
  { effort, signal }: RowContext,
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
    effort,
    signal,
    database,
    program,
    clients,
    script: `\\set session random(1, ${sessions})\n${statement};\n`,
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
async function openBatches(context: RowContext, database: BenchDatabase, recording: Recording): Promise<Measure> {
  const batches = recording.statements.filter(({ name }) => name.startsWith('append_entries'));
  const clients = await connect(context, database, recording.connections);
  let next = 0;
  return () =>
    measured(context, database, clients.length, async (caller) => {
      const batch = batches[next++ % batches.length];
      const answer = batch && (await clients[caller]?.query({ ...batch }));
      return answer?.rows.length ?? 0;
    });
}

async function openOneByOne(context: RowContext, database: BenchDatabase, callers: number): Promise<Measure> {
  const clients = await connect(context, database, callers);
  return () =>
    measured(context, database, callers, async (caller) => {
      const values = [namespace, sessionKey(anySession()), owner, 1, '{}', contentBytes, estimatedTokens, content];
      const answer = await clients[caller]?.query({ name: 'append', text: numberedAppend, values });
      return answer?.rows.length ?? 0;
    });
}

async function connect({ resources }: RowContext, database: BenchDatabase, count: number): Promise<Client[]> {
  const clients = Array.from({ length: count }, () => new Client({ connectionString: database.url }));
  for (const client of clients) {
    await client.connect();
    resources.defer(() => client.end());
  }
  return clients;
}
