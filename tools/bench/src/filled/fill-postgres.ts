import type { Store } from '@org/domain';
import { createPostgresStore } from '@org/store-kysely/postgres';
import type { Client } from 'pg';
import { content } from '../content.js';
import { benchDatabase, owner, seedSessions, type BenchDatabase } from '../postgres/bench-database.js';
import { interceptStatements } from '../postgres/intercept-statements.js';
import { serverSettings } from '../postgres/server-settings.js';
import { MissingService, type RowContext } from '../row.js';
import { entriesEach, pinnedEvery, tokensEach, type FilledLogs } from './filled-logs.js';

/** @throws MissingService where a server reports its statistics only when it likes to */
export async function fillPostgres(context: RowContext, sessions: number): Promise<FilledLogs> {
  const database = await filledDatabase(context, sessions);
  await requireReportOnDemand(database);
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

/** A database that goes with the row, with so many sessions and their logs in it. */
export async function filledDatabase(context: RowContext, sessions: number): Promise<BenchDatabase> {
  const database = await benchDatabase(context);
  await seedSessions(database, sessions);
  await fillSessions(database);
  return database;
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

/**
 * A process of the server adds what it did to the statistics when it has answered, but not twice within a second, unless
 * it is told to.
 */
async function reportStatistics(store: Store): Promise<void> {
  const connections = new Set<Client>();
  const pings = (): Promise<unknown> => Promise.all(Array.from({ length: 64 }, () => store.ping()));
  await interceptStatements((_ping, connection) => void connections.add(connection), pings);
  await Promise.all([...connections].map((connection) => connection.query('select pg_stat_force_next_flush()')));
}

async function requireReportOnDemand(database: BenchDatabase): Promise<void> {
  const [row] = await database.query(`select current_setting('server_version_num')::integer >= 150000 as can_report`);
  if (row?.['can_report'] !== true) throw new MissingService('PostgreSQL 15 or newer, which tells what it has read');
}
