import { scanRange, type EntryPage, type ReadEntries } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { entryColumns, entryRecord, type EntryRow } from '../../rows/entry-row.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';

export function prepareReadEntries(connection: Connection, notice: NoticeUnsettled): Operation<ReadEntries, EntryPage> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  const readRange = {
    ascending: prepareReadRange(connection, 'asc'),
    descending: prepareReadRange(connection, 'desc'),
  };

  return (request, nowMs) => {
    const session = getSession(request);
    const scanned = scanRange(request, session.last_sequence);
    const rows = readRange[request.direction]({
      ...scanned,
      sessionRowId: session.id,
      types: request.types === undefined ? null : JSON.stringify(request.types),
      limit: request.limit,
      contentOffset: request.contentOffset,
      maxContentLength: request.maxContentLength,
    });
    return { session: observe(session, nowMs), entries: rows.map(entryRecord), scanned };
  };
}

interface RangeArguments {
  readonly sessionRowId: number;
  readonly first: number;
  readonly last: number;
  /** A JSON array. Null selects all types. */
  readonly types: string | null;
  readonly limit: number;
  readonly contentOffset: number;
  readonly maxContentLength: number;
}

/** Reads a range of a log, both ends included. */
export function prepareReadRange(connection: Connection, order: 'asc' | 'desc'): (args: RangeArguments) => EntryRow[] {
  return connection.prepare((p: Placeholders<RangeArguments>) =>
    db
      .selectFrom('context_history')
      .select(entryColumns(p.contentOffset, p.maxContentLength))
      .where('session_id', '=', p.sessionRowId)
      .where('sequence', '>=', p.first)
      .where('sequence', '<=', p.last)
      .where(sql<boolean>`(${p.types} is null or context_type in (select value from json_each(${p.types})))`)
      .orderBy('sequence', order)
      .limit(p.limit),
  ).all;
}
