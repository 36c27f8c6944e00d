import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openContextStore } from '@org/context-store';
import { timeOf } from '@org/measure/latencies';
import { benchDatabase, owner } from '../postgres/bench-database.js';
import {
  compare,
  content,
  p50Ms,
  temporaryFolder,
  type Comparison,
  type OpenRow,
  type Row,
  type RowContext,
} from '../row.js';
import { interleaveCalls, type TimedCall } from '../take-turns.js';

const sessionKey = 'work';

const node = 'node';
const library = '@org/context-store';
/** zod is what the library imports at once. */
const imports = [library, `${library}/environment`, 'zod'];
const engines = ['SQLite', 'PostgreSQL'] as const;
type Engine = (typeof engines)[number];
const firstAppend = (engine: Engine): string => `${library}, first append on ${engine}`;

export const importLibrary: Row = {
  name: 'import',
  title: 'What a program pays for importing the library and opening a store, from spawn to exit',
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const databases = new Map<Engine, string>([
    ['SQLite', `sqlite:${join(await temporaryFolder(context), 'context.db')}`],
    ['PostgreSQL', (await benchDatabase(context)).url],
  ]);
  for (const database of databases.values()) await register(database);

  const programs = new Map<string, string>([
    [node, ''],
    ...imports.map((name): [string, string] => [name, `import '${name}';`]),
    ...[...databases].map(([engine, database]): [string, string] => [firstAppend(engine), appending(database)]),
  ]);
  const variants = new Map(
    [...programs].map(([name, source]): [string, TimedCall] => [name, () => timeOf(() => run(context, source))]),
  );
  const starts = context.effort.isQuick ? 1 : 20;
  return {
    measureRound: () => interleaveCalls([variants], starts, context),
    comparisons,
    settings: { 'starts of each in a round': String(starts) },
  };
}

const added = (variant: string, bound: string): Comparison => ({
  name: `p50 of ${variant} − ${bound}, ms`,
  value: compare([variant, bound], p50Ms, (ours, theirs) => ours - theirs),
});

const comparisons: readonly Comparison[] = [
  ...imports.map((name) => added(name, node)),
  ...engines.map((engine) => added(firstAppend(engine), library)),
];

/** Makes the schema, and a session to append to. */
async function register(database: string): Promise<void> {
  const contextStore = await openContextStore({ database, agent: owner });
  try {
    await contextStore.registerSession({ sessionKey });
  } finally {
    await contextStore.close();
  }
}

/** Exits without closing the store, because that comes after the first append. */
const appending = (database: string): string => `
import { openContextStore } from '${library}';
const contextStore = await openContextStore(${JSON.stringify({ database, agent: owner })});
await contextStore.updateContext(${JSON.stringify({ sessionKey, contextType: 'message', content })});
process.exit();`;

/** Runs a program that finds packages as this file does. @throws Error with its output if it fails */
async function run({ signal }: Pick<RowContext, 'signal'>, source: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'] ?? '' },
    signal,
  });
}
