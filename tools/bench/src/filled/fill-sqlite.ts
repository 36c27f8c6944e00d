import { join } from 'node:path';
import { createContextStore } from '@org/domain';
import { createSqliteStore } from '@org/store-kysely/sqlite';
import Sqlite from 'better-sqlite3';
import { content } from '../content.js';
import { owner, sessionKey } from '../postgres/bench-database.js';
import type { RowContext } from '../row.js';
import { temporaryFolder } from '../temporary-folder.js';
import { entriesEach, pinnedEvery, tokensEach, type FilledLogs } from './filled-logs.js';

export async function fillSqlite(context: RowContext, sessions: number): Promise<FilledLogs> {
  const path = join(await temporaryFolder(context), 'context.db');
  await createSessions(path, sessions);
  fillSessions(path);
  return { openStore: () => createSqliteStore({ path }), serverName: undefined, settings: {} };
}

async function createSessions(path: string, count: number): Promise<void> {
  const contextStore = createContextStore({ store: await createSqliteStore({ path }) }, { agent: owner });
  try {
    const keys = Array.from({ length: count }, (_, index) => sessionKey(index + 1));
    await Promise.all(keys.map((key) => contextStore.registerSession({ sessionKey: key })));
  } finally {
    await contextStore.close();
  }
}

/** Straight into the tables: the rows that as many appends would have made. */
function fillSessions(path: string): void {
  const database = new Sqlite(path);
  database.exec(`
    begin;
    with recursive numbers (sequence) as (
      select 1 union all select sequence + 1 from numbers where sequence < ${entriesEach}
    )
    insert into context_history (session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes,
      estimated_tokens, tokens_before, pinned_before, metadata, content)
    select id, sequence, 'message', '${owner}', 1, sequence % ${pinnedEvery} = 0, created_at + sequence,
      ${content.length}, ${tokensEach}, ${tokensEach} * (sequence - 1),
      case when sequence % ${pinnedEvery} = 0 then (sequence - 1) / ${pinnedEvery} end, '{}', '${content}'
    from sessions, numbers order by id, sequence;
    update sessions set last_sequence = ${entriesEach}, pinned_count = ${entriesEach / pinnedEvery},
      content_bytes = ${entriesEach * content.length}, estimated_tokens = ${entriesEach * tokensEach};
    commit;
    analyze;`);
  database.close();
}
