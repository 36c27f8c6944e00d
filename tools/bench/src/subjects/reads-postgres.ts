import { createContextStore } from '@org/domain';
import { postgresProcesses } from '@org/measure/cpu';
import { createPostgresStore } from '@org/store-kysely/postgres';
import type { QueryConfig } from 'pg';
import { closedLoop } from '../closed-loop.js';
import { openRawPool } from '../postgres/raw-pool.js';
import { benchDatabase, owner } from '../postgres/bench-database.js';
import {
  content,
  shownEntries,
  type Context,
  type Measured,
  type OpenSubject,
  type Row,
  type Subject,
} from '../row.js';

const entries = 200;

export const readsPostgres: Subject = {
  name: 'reads-postgres',
  title: `Library reads on PostgreSQL: a log of ${entries} entries of ${content.length} bytes`,
  open,
};

async function open(context: Context): Promise<OpenSubject> {
  const { effort, resources } = context;
  const database = await benchDatabase(context, effort.isQuick ? 50 : 1000);
  const store = await createPostgresStore({ url: database.url, poolSize: 8 });
  const contextStore = createContextStore({ store }, { agent: owner });
  resources.defer(() => contextStore.close());
  const pool = openRawPool(context, database.url, 8);

  const sessionKey = 'session-1';
  const append = () => contextStore.updateContext({ sessionKey, contextType: 'message', content });
  await Promise.all(Array.from({ length: entries }, append));
  await database.query('vacuum analyze');

  const parts = { process: () => [process.pid], database: () => postgresProcesses(database.name) };
  const reading = (name: string, callers: number, read: () => Promise<unknown>): Measured => ({
    name,
    measure: () => closedLoop({ ...context, callers, parts }, read),
  });
  const latest = (): Promise<unknown> =>
    contextStore.getContext({ sessionKey, limit: shownEntries, maxTokens: 25_000 });
  const briefing = (): Promise<unknown> => contextStore.getBriefing({ sessionKey });
  const raw = (callers: number, limit: number): Measured =>
    reading('raw pg', callers, () => pool.query(latestEntries(sessionKey, limit)));
  const briefed = (await contextStore.getBriefing({ sessionKey })).briefing.entries.length;
  const atOnce = (callers: number): string => `${callers} ${callers === 1 ? 'caller' : 'callers'}`;
  const latestAt = (callers: number): Row => ({
    name: `latest ${shownEntries}, ${atOnce(callers)}`,
    ours: reading('library', callers, latest),
    limit: raw(callers, shownEntries),
    bar: { atLeast: 0.6 },
  });
  return {
    rows: [
      latestAt(1),
      latestAt(8),
      {
        name: `briefing, ${atOnce(8)}`,
        ours: reading('library', 8, briefing),
        limit: raw(8, briefed),
      },
    ],
    settings: database.settings,
  };
}

/** The least that such a read can be on the product's schema: what a caller gets of each entry, by one prepared statement. */
const latestEntries = (sessionKey: string, limit: number): QueryConfig => ({
  name: 'latest',
  text: `
    select sequence, context_type, agent, content, content_bytes, estimated_tokens, metadata, pinned, created_at
    from context_history
    where session_id = (select id from sessions where namespace = $1 and session_key = $2)
    order by sequence desc limit $3`,
  values: ['default', sessionKey, limit],
});
