import { join } from 'node:path';
import { createContextStore, type ContextStore, type Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import { benchDatabase } from '../postgres/bench-database.js';
import {
  content,
  temporaryFolder,
  type Called,
  type Context,
  type OpenSubject,
  type Row,
  type Subject,
} from '../row.js';

const [small, large] = [100, 100_000];
const calls = 80;
const operations = ['append', 'latest 20', 'briefing', 'requestHandoff', 'acceptHandoff'] as const;
type Operation = (typeof operations)[number];
/** Every log begins with the same number of pinned entries, so that all briefings are alike. */
const pinnedEntries = 20;

export const growth: Subject = {
  name: 'growth',
  title: `One call on sessions of ${small} and ${large.toLocaleString('en')} entries of ${content.length} bytes, on PostgreSQL and SQLite`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const { isQuick } = context.effort;
  const sizes = isQuick ? ([50, 100] as const) : ([small, large] as const);
  // With more sessions, the planner never reads the whole table.
  const database = await benchDatabase(context, isQuick ? 50 : 1000);
  const path = join(await temporaryFolder(context), 'context.db');
  const onPostgres = await openRows(context, 'PostgreSQL', await createPostgresStore({ url: database.url }), sizes);
  await database.query('vacuum analyze');
  await database.checkpoint();
  const onSqlite = await openRows(context, 'SQLite', await createSqliteStore({ path }), sizes);
  return {
    rows: [...onPostgres, ...onSqlite],
    settings: { 'calls of each in a round': String(calls), ...database.settings },
  };
}

async function openRows(
  { resources, signal, progress }: Context,
  engine: string,
  store: Store,
  [fewer, more]: readonly [number, number],
): Promise<Row[]> {
  const contextStore = createContextStore({ store });
  resources.defer(() => contextStore.close());
  for (const size of [fewer, more]) {
    progress(`${engine}: filling a session with ${size} entries`);
    await fillSession(contextStore, sessionKeyOf(size), size, signal);
  }
  const [few, many] = [callsOn(contextStore, fewer), callsOn(contextStore, more)];
  return operations.map((operation) => ({
    name: `${engine}, ${operation}`,
    calls,
    ours: { name: entries(more), ...many[operation] },
    limit: { name: entries(fewer), ...few[operation] },
    bar: { atMost: 1.25 },
  }));
}

const entries = (size: number): string => `${size.toLocaleString('en')} entries`;
const sessionKeyOf = (size: number): string => `log-${size}`;

async function fillSession(
  contextStore: ContextStore,
  sessionKey: string,
  size: number,
  signal: AbortSignal,
): Promise<void> {
  const own = { sessionKey, agent: 'planner' };
  await contextStore.registerSession(own);
  const atOnce = 256;
  for (let written = 0; written < size; written += atOnce) {
    signal.throwIfAborted();
    const pins = Array.from({ length: Math.min(atOnce, size - written) }, (_, at) => written + at < pinnedEntries);
    const append = (pinned: boolean) => contextStore.updateContext({ ...own, contextType: 'message', content, pinned });
    await Promise.all(pins.map(append));
  }
}

/** Two agents hand the session to each other. */
function callsOn(contextStore: ContextStore, size: number): Record<Operation, Omit<Called, 'name'>> {
  const sessionKey = sessionKeyOf(size);
  let [agent, targetAgent, handoffId] = ['planner', 'implementer', ''];
  const requestHandoff = async (): Promise<void> => {
    const offer = { sessionKey, agent, targetAgent, requestType: 'full_handoff', summary: 'Half done.' } as const;
    ({ handoffId } = (await contextStore.requestHandoff(offer)).handoff);
  };
  const acceptHandoff = async (): Promise<void> => {
    if (handoffId === '') return;
    await contextStore.acceptHandoff({ handoffId, agent: targetAgent });
    [agent, targetAgent, handoffId] = [targetAgent, agent, ''];
  };
  return {
    append: { call: () => contextStore.updateContext({ sessionKey, agent, contextType: 'message', content }) },
    'latest 20': { call: () => contextStore.getContext({ sessionKey }) },
    briefing: { call: () => contextStore.getBriefing({ sessionKey }) },
    requestHandoff: { call: requestHandoff, prepare: acceptHandoff },
    acceptHandoff: { call: acceptHandoff, prepare: requestHandoff },
  };
}
