import { createContextStore, estimateTokens, type ContextStore } from '@org/domain';
import { postgresProcesses, type Parts } from '@org/measure/cpu';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client } from 'pg';
import { closedLoop, type ClosedLoopSample } from '../closed-loop.js';
import { profileThisProcess } from '../cpu-profile.js';
import { benchDatabase, owner, seedSessions, sessionKey, type BenchDatabase } from '../postgres/bench-database.js';
import { interceptStatements, type NamedStatement } from '../postgres/intercept-statements.js';
import { namedAppend } from '../postgres/one-statement-append.js';
import { findPgbench, runPgbench } from '../postgres/pgbench.js';
import { content, rateAgainst, temporaryFolder, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { takeTurns, type Measure } from '../take-turns.js';

const judged = 32;
/** In a quick run fewer, since a shared server has few connections left. */
const callerCountsOf = ({ effort }: RowContext): readonly [most: number, ...number[]] =>
  effort.isQuick ? [8] : [judged, 8, 1];
const sessionsOf = ({ effort }: RowContext): number => (effort.isQuick ? 100 : 10_000);

const library = (callers: number): string => `library, ${callers} callers`;
const pgbench = (callers: number): string => `pgbench, ${callers} clients`;
const sameBatches = 'raw pg, the same batches';

export const appendPostgres: Row = {
  name: 'append-postgres',
  title: `Library append on PostgreSQL: 10,000 sessions, ${content.length} bytes, TCP`,
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const database = await benchDatabase(context);
  const measurePgbench = await openPgbench(context, database);
  const sessions = sessionsOf(context);
  context.progress(`creating ${sessions} sessions`);
  const reset = await seedSessions(database, sessions);
  const store = await createPostgresStore({ url: database.url });
  const contextStore = createContextStore({ store }, { agent: owner });
  context.resources.defer(() => contextStore.close());
  const callerCounts = callerCountsOf(context);
  const [most] = callerCounts;
  context.progress('recording batches');
  const batches = await recordBatches(() => measureLibrary(context, database, contextStore, most));

  const groups = callerCounts.map((callers) => {
    const group = new Map<string, Measure>();
    group.set(library(callers), () => measureLibrary(context, database, contextStore, callers));
    group.set(pgbench(callers), () => measurePgbench(callers));
    if (callers === most) group.set(sameBatches, () => sendBatches(context, database, batches));
    return new Map([...group].map(([name, measure]) => [name, fromSameState(context, database, reset, measure)]));
  });
  return {
    measureRound: takeTurns(groups, context),
    comparisons: [
      ...callerCounts.map((callers) =>
        rateAgainst(library(callers), pgbench(callers), callers === judged ? { atLeast: 1 } : undefined),
      ),
      rateAgainst(library(most), sameBatches),
    ],
    settings: { sessions: String(sessions), ...(await database.settings()) },
    profile: async () => {
      await reset();
      return profileThisProcess(() => measureLibrary(context, database, contextStore, most));
    },
  };
}

/** Resets the database first, and checks afterwards that the log grew by what was reported. */
function fromSameState(
  { effort }: RowContext,
  database: BenchDatabase,
  reset: () => Promise<void>,
  measure: Measure,
): Measure {
  return async () => {
    await reset();
    const sample = await measure();
    const [row] = await database.query('select count(*)::integer as entries from context_history');
    // The rate is of a time that is not exactly the one asked for.
    const fewest = (0.9 * (sample.callsPerSecond ?? NaN) * effort.measureMs) / 1000;
    if (Number(row?.['entries']) >= fewest) return sample;
    throw new Error(`${fewest} appends were reported at least, and there are ${String(row?.['entries'])} entries`);
  };
}

const partsOf = ({ name }: BenchDatabase): Parts => ({
  driver: () => [process.pid],
  database: () => postgresProcesses(name),
});

function measureLibrary(
  context: RowContext,
  database: BenchDatabase,
  contextStore: ContextStore,
  callers: number,
): Promise<ClosedLoopSample> {
  const sessions = sessionsOf(context);
  return closedLoop({ ...context, callers, parts: partsOf(database) }, async () => {
    const anySession = sessionKey(1 + Math.floor(Math.random() * sessions));
    await contextStore.updateContext({ sessionKey: anySession, contextType: 'message', content });
    return 1;
  });
}

interface Batches {
  readonly statements: readonly NamedStatement[];
  /** How many connections they came through. */
  readonly connections: number;
}

/** Records the last appends that the library sends. */
async function recordBatches(run: () => Promise<unknown>): Promise<Batches> {
  const statements: NamedStatement[] = [];
  const connections = new Set<Client>();
  await interceptStatements((statement, connection) => {
    if (!statement.name.startsWith('append_entries')) return;
    statements.push({ ...statement, values: [...statement.values] });
    connections.add(connection);
  }, run);
  return { statements: statements.slice(-500), connections: connections.size };
}

/** Sends the library's statements and values once more, on as many connections: only the driver is left. */
async function sendBatches(
  context: RowContext,
  database: BenchDatabase,
  { statements, connections }: Batches,
): Promise<Sample> {
  const clients = Array.from({ length: connections }, () => new Client({ connectionString: database.url }));
  try {
    await Promise.all(clients.map((client) => client.connect()));
    let next = 0;
    return await closedLoop({ ...context, callers: connections, parts: partsOf(database) }, async (caller) => {
      const batch = statements[next++ % statements.length];
      const answer = batch && (await clients[caller]?.query({ ...batch }));
      return answer?.rows.length ?? 0;
    });
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}

/** @throws MissingService without pgbench */
async function openPgbench(context: RowContext, { url }: BenchDatabase): Promise<(clients: number) => Promise<Sample>> {
  const program = findPgbench();
  const folder = await temporaryFolder(context);
  const variables = {
    namespace: 'default',
    agent: owner,
    epoch: '1',
    metadata: '{}',
    content,
    contentBytes: String(content.length),
    estimatedTokens: String(estimateTokens(content.length)),
  };
  const statement = namedAppend.replaceAll(':sessionKey', `('session-' || :session)`);
  const script = `\\set session random(1, ${sessionsOf(context)})\n${statement};\n`;
  return (clients) => runPgbench({ ...context, url, program, clients, script, variables, folder });
}
