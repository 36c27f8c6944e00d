import { escapeLiteral, type Client } from 'pg';
import { createDatabase, type Database } from '../../src/postgres/statements/database.js';

/** A step of a plan, in the format of EXPLAIN (ANALYZE, FORMAT JSON). */
export interface PlanStep {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  /** The average of one loop. */
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanStep[];
}

/** One run of a statement, planned with the client's settings. */
export interface ExplainedRun extends Work {
  readonly name: string;
  readonly plan: PlanStep;
  /** The text of EXPLAIN (ANALYZE, BUFFERS), for readers. */
  readonly text: string;
}

/** What a run did to tables and indexes. */
interface Work {
  /** Pages touched, found in memory or not. EXPLAIN leaves out those that a data-modifying CTE touches. */
  readonly pages: number;
  /** Entries read from indexes, and rows read from tables without an index, whether they matched or not. */
  readonly rows: number;
}

export interface ExplainingDatabase {
  readonly database: Database;
  /** The names of all statements that were prepared. */
  readonly prepared: ReadonlySet<string>;
  /** Returns the runs since the last call. */
  readonly takeRuns: () => readonly ExplainedRun[];
}

interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Runs each statement under EXPLAIN ANALYZE, rolls that back, and runs it again for its answer. */
export function explainingDatabase(client: Client): ExplainingDatabase {
  const prepared = new Set<string>();
  let runs: ExplainedRun[] = [];

  async function run<Row>(statement: Statement): Promise<Row[]> {
    runs.push(await explain(client, statement));
    return (await client.query({ text: statement.text, values: [...statement.values] })).rows as Row[];
  }

  const database = createDatabase({ run }, { schema: 'public', clockOffsetMs: () => 0 });
  const recording =
    (prepare: Database['prepareRead']): Database['prepareRead'] =>
    (name, build) => {
      prepared.add(name);
      return prepare(name, build);
    };
  return {
    database: { prepareRead: recording(database.prepareRead), prepareWrite: recording(database.prepareWrite) },
    prepared,
    takeRuns: () => {
      const taken = runs;
      runs = [];
      return taken;
    },
  };
}

async function explain(client: Client, { name, text, values }: Statement): Promise<ExplainedRun> {
  const known = await client.query('select from pg_prepared_statements where name = $1', [name]);
  if (known.rowCount === 0) await client.query(`prepare ${name} as ${text}`);
  const call = `execute ${name}${values.length === 0 ? '' : `(${values.map((value) => literal(value as Scalar)).join()})`}`;
  // The first read of a page may set hint bits on it, and the first run of a plan reads the catalogue.
  await undone(client, () => client.query(call));
  const { work, plan } = await undone(client, async () => {
    const before = await workSoFar(client);
    const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanStep }] }>(
      `explain (analyze, format json) ${call}`,
    );
    const after = await workSoFar(client);
    const [explained] = rows;
    if (explained === undefined) throw new Error(`no plan of ${name}`);
    return {
      plan: explained['QUERY PLAN'][0].Plan,
      work: { pages: after.pages - before.pages, rows: after.rows - before.rows },
    };
  });
  const lines = await undone(client, () =>
    client.query<{ 'QUERY PLAN': string }>(`explain (analyze, buffers) ${call}`),
  );
  return { name, plan, ...work, text: lines.rows.map((row) => row['QUERY PLAN']).join('\n') };
}

async function undone<Answer>(client: Client, run: () => Promise<Answer>): Promise<Answer> {
  await client.query('begin');
  try {
    return await run();
  } finally {
    await client.query('rollback');
  }
}

/** Compare these within one transaction: the counters may restart between transactions. */
async function workSoFar(client: Client): Promise<Work> {
  const { rows } = await client.query<{ pages: number; rows: number }>(`
    select sum(pg_stat_get_xact_blocks_fetched(oid))::integer as pages,
      sum(pg_stat_get_xact_tuples_returned(oid))::integer as rows
    from pg_class where relkind in ('r', 'i', 't') and oid >= 16384`);
  return rows[0] as Work;
}

type Scalar = string | number | boolean | null | undefined;

/** Texts in test requests need no escapes in JSON. */
function literal(value: Scalar | readonly Scalar[]): string {
  if (value === null || value === undefined) return 'null';
  if (typeof value !== 'object') return escapeLiteral(String(value));
  return escapeLiteral(`{${value.map((item) => JSON.stringify(item ?? null)).join()}}`);
}
