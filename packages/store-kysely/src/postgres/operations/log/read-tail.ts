import { scanRange, sessionNotFound, type AppendedEntry, type LogTail, type ReadTail } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { entryColumns, entryRecord, type EntryRow } from '../../rows/entry-row.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { sessionColumns, type SessionRow } from '../../rows/session-row.js';

export function prepareReadTail(database: Database, notice: NoticeUnsettled): Operation<ReadTail, LogTail> {
  const read = prepareRead(database);
  const observe = observingSessions(notice);
  return async (request) => {
    const { namespace, sessionKey, direction, afterSequence, pageSize, maxContentLength } = request;
    // The range as it would be in an endless log; the statement moves it back to where this log ends.
    const { first, last } = scanRange(request, Number.MAX_SAFE_INTEGER - 1);
    const rows = await read({
      namespace,
      sessionKey,
      isDescending: direction === 'descending',
      afterSequence,
      first,
      last,
      pageSize,
      offset: 0,
      maxContentLength,
    });
    const session = rows.find((row) => row.session !== null)?.session ?? undefined;
    if (session === undefined) throw sessionNotFound(sessionKey);
    const inOrder = rows.filter((row) => row.sequence !== null).toSorted((a, b) => a.sequence - b.sequence);
    return {
      session: observe(session, session.observed_at),
      scanned: scanRange(request, session.last_sequence),
      pageEnds: inOrder.filter(({ is_page_end: isPageEnd }) => isPageEnd).map(appendedEntry),
      entries: inOrder.filter(({ is_page_end: isPageEnd }) => !isPageEnd).map(entryRecord),
    };
  };
}

const appendedEntry = (row: EntryRow): AppendedEntry => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
});

/** Of the end of a page there are only the columns of an {@link AppendedEntry}. */
interface TailRow extends EntryRow {
  readonly is_page_end: boolean;
}

/** The session stands in the first row alone: its metadata may be large. Without entries there is one row without one. */
type Row = { readonly session: (SessionRow & { observed_at: number }) | null } & (
  | TailRow
  | { readonly sequence: null }
);

interface TailArguments extends Pick<ReadTail, 'namespace' | 'sessionKey' | 'afterSequence' | 'pageSize'> {
  readonly isDescending: boolean;
  readonly first: number;
  readonly last: number;
  readonly offset: number;
  readonly maxContentLength: number;
}

/** The ends of pages are looked up one by one: to the planner a series may be of any length. */
function prepareRead(database: Database): (args: TailArguments) => Promise<Row[]> {
  return database.prepareRead('read_tail', (p) => {
    const beyond = sql`case when ${p.isDescending}::boolean then greatest(0, ${p.last}::bigint - last_sequence) else 0 end`;
    const pageSize = sql`${p.pageSize}::bigint`;
    return statement<Row>(sql`
      with found as materialized (
        select ${sessionColumns}, ${epochMs(clock(p))} as observed_at,
          greatest(${p.afterSequence}::bigint + 1, ${p.first}::bigint - ${beyond}) as first,
          least(${p.last}::bigint - ${beyond}, last_sequence) as last,
          last_sequence - last_sequence % ${pageSize} as end_of_full_pages
        from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}
      )
      select case when row_number() over () = 1 then row_to_json(found) end as session, entry.*
      from found left join lateral (
        select false as is_page_end, ${entryColumns(p.offset, p.maxContentLength)}
        from context_history
        where session_id = found.id
          and sequence >= greatest(found.first, end_of_full_pages + 1) and sequence <= found.last
        union all
        select true, page_end.*
        from generate_series(
          (found.first + ${pageSize} - 1) / ${pageSize} * ${pageSize},
          least((found.last + ${pageSize} - 1) / ${pageSize} * ${pageSize}, end_of_full_pages),
          ${pageSize}
        ) as page(last_sequence) cross join lateral (
          select sequence, null, null, epoch, null::boolean, ${epochMs(sql`created_at`)}, content_bytes,
            estimated_tokens, null::json, null, null::boolean
          from context_history
          where session_id = found.id and sequence = page.last_sequence
          offset 0
        ) as page_end
        where found.first <= found.last
      ) as entry on true`);
  });
}
