import { createContextStore, estimateTokens } from '@org/domain';
import { postgresProcesses } from '@org/measure/cpu';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { Client, type QueryConfig } from 'pg';
import { closedLoop, type ClosedLoopOptions } from '../closed-loop.js';
import { benchDatabase, owner, randomSession } from '../postgres/bench-database.js';
import { namedAppend, rawAppend } from '../postgres/one-statement-append.js';
import { findPgbench, runPgbench } from '../postgres/pgbench.js';
import {
  content,
  temporaryFolder,
  type Context,
  type Measured,
  type OpenSubject,
  type Row,
  type Sample,
  type Subject,
} from '../row.js';

export const appendPostgres: Subject = {
  name: 'append-postgres',
  title: `Library append on PostgreSQL: 10,000 sessions, ${content.length} bytes, TCP`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const { effort, resources, progress } = context;
  // A shared server has few connections left for a quick run.
  const [callers, sessions] = effort.isQuick ? [8, 100] : [32, 10_000];
  const program = findPgbench();
  const database = await benchDatabase(context, sessions);
  const store = await createPostgresStore({ url: database.url });
  const contextStore = createContextStore({ store }, { agent: owner });
  resources.defer(() => contextStore.close());
  const parts = { driver: () => [process.pid], database: () => postgresProcesses(database.name) };

  const append = (): Promise<unknown> =>
    contextStore.updateContext({ sessionKey: randomSession(sessions), contextType: 'message', content });
  const library: Measured = {
    name: 'library',
    measure: () => closedLoop({ ...context, callers, parts }, append),
  };
  const folder = await temporaryFolder(context);
  const script = `\\set session random(1, ${sessions})\n${pgbenchAppend};\n`;
  const pgbench: Measured = {
    name: 'pgbench, one-statement appends',
    measure: () => runPgbench({ ...context, url: database.url, program, clients: callers, script, variables, folder }),
  };
  progress('recording batches');
  const recorded = await recordBatches(library.measure);
  const raw: Measured = {
    name: 'raw pg, the batches of the library',
    measure: () => sendBatches(recorded, database.url, { ...context, parts }),
  };

  /** Resets the database first, and checks afterwards that the log grew by what was reported. */
  const fromSameState = ({ name, measure }: Measured): Measured => ({
    name,
    measure: async () => {
      await database.reset();
      const sample = await measure();
      const [row] = await database.query('select count(*)::integer as entries from context_history');
      // The rate is of a time that is not exactly the one asked for.
      const fewest = (0.9 * (sample['calls/s'] ?? NaN) * effort.measureMs) / 1000;
      if (Number(row?.['entries']) >= fewest) return sample;
      throw new Error(`${fewest} appends were reported at least, and there are ${String(row?.['entries'])} entries`);
    },
  });
  return {
    rows: [
      {
        name: `${callers} callers`,
        ours: fromSameState(library),
        limit: fromSameState(pgbench),
        beside: fromSameState(raw),
        bar: { atLeast: 1 },
      },
      await oneCaller(context, append, database.url, sessions),
    ],
    settings: { sessions: String(sessions), ...database.settings },
  };
}

/** Compares single appends, between which nothing waits. */
async function oneCaller(
  { resources }: Context,
  append: () => Promise<unknown>,
  connectionString: string,
  sessions: number,
): Promise<Row> {
  const client = new Client({ connectionString });
  await client.connect();
  resources.defer(() => client.end());
  return {
    name: '1 caller',
    calls: 1000,
    ours: { name: 'library', call: append },
    limit: {
      name: 'raw pg, one-statement appends',
      call: () => client.query(rawAppend(randomSession(sessions), content)),
    },
    bar: { atMost: 1.25 },
  };
}

const pgbenchAppend = namedAppend.replaceAll(':sessionKey', `('session-' || :session)`);
const variables = {
  namespace: 'default',
  agent: owner,
  epoch: '1',
  metadata: '{}',
  content,
  contentBytes: String(content.length),
  estimatedTokens: String(estimateTokens(content.length)),
};

interface Recorded {
  readonly batches: readonly QueryConfig[];
  /** How many connections they came through. */
  readonly connections: number;
}

/** Records the last batches of appends that the library hands to the driver. */
async function recordBatches(run: () => Promise<unknown>): Promise<Recorded> {
  const batches: QueryConfig[] = [];
  const connections = new Set<unknown>();
  const { prototype } = Client;
  const query = Reflect.get(prototype, 'query') as (...args: unknown[]) => unknown;
  function recorded(this: Client, ...args: unknown[]): unknown {
    const { name, text, values = [] } = args[0] as QueryConfig;
    if (name?.startsWith('append_entr') === true) {
      batches.push({ name, text, values: [...values] });
      connections.add(this);
    }
    return query.apply(this, args);
  }
  Object.assign(prototype, { query: recorded });
  try {
    await run();
  } finally {
    Object.assign(prototype, { query });
  }
  return { batches: batches.slice(-500), connections: connections.size };
}

/** Sends recorded batches once more, on as many connections as the library used: only the driver is left. */
async function sendBatches(
  { batches, connections }: Recorded,
  connectionString: string,
  options: Omit<ClosedLoopOptions, 'callers'>,
): Promise<Sample> {
  const clients = Array.from({ length: connections }, () => new Client({ connectionString }));
  try {
    await Promise.all(clients.map((client) => client.connect()));
    let next = 0;
    return await closedLoop({ ...options, callers: connections }, async (caller) => {
      const batch = batches[next++ % batches.length] as QueryConfig;
      return (await clients[caller]?.query({ ...batch }))?.rowCount;
    });
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()));
  }
}
