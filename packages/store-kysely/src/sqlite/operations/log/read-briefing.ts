import type { BriefingSource, ReadBriefing } from '@org/domain';
import { sql, type Selectable } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { ContextHistoryTable } from '../../schema/tables.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { entryColumns, entryRecord, type EntryRow } from '../../rows/entry-row.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';

export function prepareReadBriefing(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<ReadBriefing, BriefingSource> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  const readPinned = prepareReadPinned(connection);
  const readNewest = prepareReadNewest(connection);
  const readPinnedCount = prepareReadPinnedCount(connection);
  const readTokens = prepareReadTokens(connection);

  return (request, nowMs) => {
    const session = getSession(request);
    const uptoSequence = Math.min(request.uptoSequence ?? Infinity, session.last_sequence);
    const upto = { sessionRowId: session.id, uptoSequence, offset: 0, maxContentLength: request.maxContentLength };
    return {
      session: observe(session, nowMs),
      uptoSequence,
      pinned: readPinned({ ...upto, limit: request.pinnedLimit }).map(entryRecord),
      pinnedCount: readPinnedCount(upto)?.pinned_count ?? 0,
      newest: readNewest({ ...upto, limit: request.newestLimit }).map(entryRecord),
      estimatedTokens: readTokens(upto)?.estimated_tokens ?? 0,
    };
  };
}

interface UptoArguments {
  readonly sessionRowId: number;
  readonly uptoSequence: number;
  readonly offset: number;
  readonly maxContentLength: number;
  readonly limit: number;
}

function prepareReadNewest(connection: Connection): (args: UptoArguments) => EntryRow[] {
  return connection.prepare((p: Placeholders<UptoArguments>) =>
    db
      .selectFrom('context_history')
      .select(entryColumns(p.offset, p.maxContentLength))
      .where('session_id', '=', p.sessionRowId)
      .where('sequence', '<=', p.uptoSequence)
      .orderBy('sequence', 'desc')
      .limit(p.limit),
  ).all;
}

/** Names the index, because SQLite would otherwise search the log for pinned entries, to its start if necessary. */
const pinnedEntries = sql<Selectable<ContextHistoryTable>>`context_history`.as<'context_history'>(
  sql`context_history indexed by context_history_pinned`,
);

function prepareReadPinned(connection: Connection): (args: UptoArguments) => EntryRow[] {
  return connection.prepare((p: Placeholders<UptoArguments>) =>
    db
      .selectFrom(pinnedEntries)
      .select(entryColumns(p.offset, p.maxContentLength))
      .where('session_id', '=', p.sessionRowId)
      .where('pinned', '=', sql.lit(1))
      .where('sequence', '<=', p.uptoSequence)
      .orderBy('sequence', 'desc')
      .limit(p.limit),
  ).all;
}

/** Reads how many pinned entries a log holds up to an entry, from the newest of them. */
function prepareReadPinnedCount(
  connection: Connection,
): (args: { sessionRowId: number; uptoSequence: number }) => { pinned_count: number } | undefined {
  return connection.prepare((p: Placeholders<{ sessionRowId: number; uptoSequence: number }>) =>
    db
      .selectFrom(pinnedEntries)
      .select(sql<number>`pinned_before + 1`.as('pinned_count'))
      .where('session_id', '=', p.sessionRowId)
      .where('pinned', '=', sql.lit(1))
      .where('sequence', '<=', p.uptoSequence)
      .orderBy('sequence', 'desc')
      .limit(sql.lit(1)),
  ).get;
}

/** Reads the estimated tokens of a log up to an entry, from that entry alone. */
function prepareReadTokens(
  connection: Connection,
): (args: { sessionRowId: number; uptoSequence: number }) => { estimated_tokens: number } | undefined {
  return connection.prepare((p: Placeholders<{ sessionRowId: number; uptoSequence: number }>) =>
    db
      .selectFrom('context_history')
      .select((eb) => eb('tokens_before', '+', eb.ref('estimated_tokens')).as('estimated_tokens'))
      .where('session_id', '=', p.sessionRowId)
      .where('sequence', '=', p.uptoSequence),
  ).get;
}
