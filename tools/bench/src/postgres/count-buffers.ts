import { Client } from 'pg';
import type { BenchDatabase } from './bench-database.js';
import type { RowContext } from '../row.js';
import { interceptStatements, type NamedStatement } from './intercept-statements.js';

interface Plan {
  readonly 'Node Type': string;
  readonly 'Shared Hit Blocks': number;
  readonly 'Shared Read Blocks': number;
  readonly 'Parent Relationship'?: string;
  readonly 'Subplan Name'?: string;
  readonly 'CTE Name'?: string;
  readonly Plans?: readonly Plan[];
}

/** Counts the pages of tables and indexes that the statements of a call touch. */
export type CountBuffers = (call: () => Promise<unknown>) => Promise<number>;

/**
 * Explains each statement with its arguments right before it runs, in a transaction that is rolled back: so it finds the
 * database as the statement itself will. It does so twice, because the first time a connection also reads catalogs.
 */
export async function openBufferCounter(
  database: BenchDatabase,
  { resources }: Pick<RowContext, 'resources'>,
): Promise<CountBuffers> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  resources.defer(() => client.end());

  async function explain({ text, values }: NamedStatement): Promise<number> {
    await client.query('begin');
    const explained = await client.query<{ 'QUERY PLAN': [{ Plan: Plan }] }>({
      text: `explain (analyze, buffers, timing off, format json) ${text}`,
      values,
    });
    await client.query('rollback');
    const [row] = explained.rows;
    return row === undefined ? NaN : buffersOf(row['QUERY PLAN'][0].Plan);
  }

  return async (call) => {
    let buffers = 0;
    await interceptStatements(async (statement) => {
      await explain(statement);
      buffers += await explain(statement);
    }, call);
    return buffers;
  };
}

/**
 * A node includes what its children and the common table expressions that it reads have touched. A data-modifying
 * expression that no node reads runs last, and is added here.
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
