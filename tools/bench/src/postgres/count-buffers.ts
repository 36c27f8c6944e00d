import { Client } from 'pg';
import type { BenchDatabase } from './bench-database.js';
import { interceptStatements } from './intercept-statements.js';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Parent Relationship'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly Plans?: readonly Plan[];
}

/**
 * The pages of tables and indexes that the statements of a call touch. Each statement is explained with its own arguments
 * right before it is run, in a transaction that is undone: it finds the database as the statement itself will.
 */
export async function countBuffers(database: BenchDatabase, call: () => Promise<unknown>): Promise<number> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  let buffers = 0;
  try {
    await interceptStatements(async ({ text, values }) => {
      await client.query('begin');
      const explain = `explain (analyze, buffers, timing off, format json) ${text}`;
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({ text: explain, values });
      await client.query('rollback');
      const [explained] = rows;
      if (explained !== undefined) buffers += buffersOf(explained['QUERY PLAN'][0].Plan);
    }, call);
  } finally {
    await client.end();
  }
  return buffers;
}

/**
 * A node counts what it makes others do, a common table expression that it reads included. One that nobody reads is run
 * after the rest, on nobody's account: a data-modifying one mostly.
 */
function buffersOf(root: Plan): number {
  const nodes = [...allNodes(root)];
  const read = new Set(nodes.map((node) => node['CTE Name']));
  const unread = nodes.filter((node) => {
    const [, name] = /^CTE (.*)$/.exec(node['Subplan Name'] ?? '') ?? [];
    return name !== undefined && !read.has(name);
  });
  return [root, ...unread].reduce((sum, node) => sum + node['Shared Hit Blocks'] + node['Shared Read Blocks'], 0);
}

function* allNodes(plan: Plan): Generator<Plan> {
  yield plan;
  for (const child of plan.Plans ?? []) yield* allNodes(child);
}
