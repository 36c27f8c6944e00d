import { logPages, scanRange, type AppendedEntry, type LogTail, type ReadTail } from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { entryRecord } from '../../rows/entry-row.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { prepareReadRange } from './read-entries.js';

export function prepareReadTail(connection: Connection, notice: NoticeUnsettled): Operation<ReadTail, LogTail> {
  const getSession = prepareGetStoredSession(connection);
  const observe = observingSessions(notice);
  const readRange = prepareReadRange(connection, 'asc');
  const findAppended = prepareFindAppended(connection);

  return (request, nowMs) => {
    const session = getSession(request);
    const scanned = scanRange(request, session.last_sequence);
    const { pageEnds, tail } = logPages(scanned, session.last_sequence, request.pageSize);
    const { limit, maxContentLength } = request;
    const rows = readRange({
      ...tail,
      sessionRowId: session.id,
      types: null,
      limit,
      contentOffset: 0,
      maxContentLength,
    });
    return {
      session: observe(session, nowMs),
      scanned,
      pageEnds: pageEnds.flatMap((sequence) => findAppended({ sessionRowId: session.id, sequence }) ?? []),
      entries: rows.map(entryRecord),
    };
  };
}

/** Finds an entry, without its content. */
export function prepareFindAppended(
  connection: Connection,
): (args: { sessionRowId: number; sequence: number }) => AppendedEntry | undefined {
  return connection.prepare((p: Placeholders<{ sessionRowId: number; sequence: number }>) =>
    db
      .selectFrom('context_history')
      .select([
        'sequence',
        'created_at as createdAtMs',
        'content_bytes as contentBytes',
        'estimated_tokens as estimatedTokens',
        'epoch',
      ])
      .where('session_id', '=', p.sessionRowId)
      .where('sequence', '=', p.sequence),
  ).get;
}
