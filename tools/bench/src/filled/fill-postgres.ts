import { setTimeout as sleep } from 'node:timers/promises';
import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import { content } from '../content.js';
import { benchDatabase, owner, seedSessions, type BenchDatabase } from '../postgres/bench-database.js';
import { serverSettings } from '../postgres/server-settings.js';
import type { RowContext } from '../row.js';
import { entriesEach, pinnedEvery, tokensEach, type FilledLogs } from './filled-logs.js';

export async function fillPostgres(context: RowContext, sessions: number): Promise<FilledLogs> {
  const database = await benchDatabase(context);
  await seedSessions(database, sessions);
  await fillSessions(database);
  return {
    openStore: () => createPostgresStore({ url: database.url }),
    serverName: database.name,
    rowsRead: async (store) => {
      await reportStatistics(store);
      const [row] = await database.query(
        `select (idx_tup_fetch + seq_tup_read)::float8 as rows from pg_stat_user_tables where relname = 'context_history'`,
      );
      return Number(row?.['rows']);
    },
    settings: await serverSettings(database),
  };
}

/** Straight into the tables: the rows that as many appends would have made. */
async function fillSessions(database: BenchDatabase): Promise<void> {
  await database.query(
    `insert into context_history (session_id, sequence, context_type, agent, epoch, pinned, created_at, content_bytes,
       estimated_tokens, tokens_before, pinned_before, metadata, content)
     select id, sequence, 'message', '${owner}', 1, sequence % ${pinnedEvery} = 0,
       created_at + sequence * interval '1 ms', ${content.length}, ${tokensEach}, ${tokensEach} * (sequence - 1),
       (sequence - 1) / ${pinnedEvery}, '{}', '${content}'
     from sessions, generate_series(1, ${entriesEach}) as sequence`,
  );
  await database.query(`update sessions set last_sequence = ${entriesEach},
    pinned_count = ${entriesEach / pinnedEvery}, content_bytes = ${entriesEach * content.length},
    estimated_tokens = ${entriesEach * tokensEach}`);
  await database.query('vacuum analyze');
  await database.checkpoint();
}

/** A process of the server adds what it did to the statistics after a statement, but not twice within a second. */
async function reportStatistics(store: Store): Promise<void> {
  await sleep(1100);
  await Promise.all(Array.from({ length: 64 }, () => store.ping()));
}
