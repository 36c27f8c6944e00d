import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openContextStore } from '@org/context-store';
import { content } from '../content.js';
import { interleaveCalls, timeOf, type TimedCall } from '../interleave-calls.js';
import { benchDatabase, owner } from '../postgres/bench-database.js';
import { orMissing, type Comparison, type OpenRow, type Row, type RowContext, type Sample } from '../row.js';
import { temporaryFolder } from '../temporary-folder.js';

const [startsInRound, startsInQuickRound] = [20, 1];
const sessionKey = 'work';

const node = 'node';
const library = '@org/context-store';
/** What else a host may import, and what the library stands on: zod at once, a driver where a store is opened. */
const imports: Readonly<Record<string, readonly string[]>> = {
  [library]: [library],
  [`${library}/environment`]: [`${library}/environment`],
  zod: ['zod'],
  'pg and kysely': ['pg', 'kysely'],
  'better-sqlite3 and kysely': ['better-sqlite3', 'kysely'],
};
const engines = ['SQLite', 'PostgreSQL'] as const;
type Engine = (typeof engines)[number];
const firstAppend = (engine: Engine): string => `${library}, first append on ${engine}`;

export const importLibrary: Row = {
  name: 'import',
  title: 'What a program pays for importing the library and opening a store, from spawn to exit',
  open,
};

async function open(context: RowContext): Promise<OpenRow> {
  const missing: string[] = [];
  const postgres = await orMissing(benchDatabase(context), missing);
  const databases = new Map<Engine, string>([
    ['SQLite', `sqlite:${join(await temporaryFolder(context), 'context.db')}`],
  ]);
  if (postgres !== undefined) databases.set('PostgreSQL', postgres.url);
  for (const database of databases.values()) await register(database);

  const programs = new Map<string, string>([
    [node, ''],
    ...Object.entries(imports).map(([name, specifiers]): [string, string] => [name, importing(specifiers)]),
    ...[...databases].map(([engine, database]): [string, string] => [firstAppend(engine), appending(database)]),
  ]);
  const variants = new Map(
    [...programs].map(([name, source]): [string, TimedCall] => [name, () => timeOf(() => run(context, source))]),
  );
  const starts = context.effort.isQuick ? startsInQuickRound : startsInRound;
  return {
    measureRound: () => interleaveCalls([variants], starts, context),
    comparisons,
    settings: { 'starts of each in a round': String(starts) },
    missing,
  };
}

const comparisons: readonly Comparison[] = [
  ...Object.keys(imports).map((name) => added(name, node)),
  ...engines.map((engine) => added(firstAppend(engine), library)),
];

function added(variant: string, bound: string): Comparison {
  return { name: `p50 of ${variant} − ${bound}, ms`, value: (sample) => p50(sample(variant)) - p50(sample(bound)) };
}

const p50 = (sample: Sample): number => sample.p50Ms ?? NaN;

/** Makes the schema, and a session to append to. */
async function register(database: string): Promise<void> {
  const contextStore = await openContextStore({ database, agent: owner });
  try {
    await contextStore.registerSession({ sessionKey });
  } finally {
    await contextStore.close();
  }
}

const importing = (specifiers: readonly string[]): string =>
  specifiers.map((specifier) => `import '${specifier}';`).join('\n');

/** It leaves without closing the store: that is no part of what comes before the first append. */
const appending = (database: string): string => `
import { openContextStore } from '${library}';
const contextStore = await openContextStore(${JSON.stringify({ database, agent: owner })});
await contextStore.updateContext(${JSON.stringify({ sessionKey, contextType: 'message', content })});
process.exit();`;

/** Packages are found as from this file. @throws with what the program said, when it fails */
async function run({ signal }: Pick<RowContext, 'signal'>, source: string): Promise<void> {
  await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'] ?? '' },
    signal,
  });
}
