import { scanRange, sessionNotFound, type EntryPage, type ReadEntries } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { entryColumns, entryRecord, type EntryRow } from '../../rows/entry-row.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { sessionColumns, type SessionRow } from '../../rows/session-row.js';

export function prepareReadEntries(database: Database, notice: NoticeUnsettled): Operation<ReadEntries, EntryPage> {
  const readRange = {
    ascending: prepareReadRange(database, 'ascending'),
    descending: prepareReadRange(database, 'descending'),
  };
  const observe = observingSessions(notice);
  return async (request) => {
    const { namespace, sessionKey, direction, types = null, limit, contentOffset, maxContentLength } = request;
    // The range as it would be in an endless log; the statement moves it back to where this log ends.
    const { first, last } = scanRange(request, Number.MAX_SAFE_INTEGER - 1);
    const rows = await readRange[direction]({
      namespace,
      sessionKey,
      afterSequence: request.afterSequence,
      first,
      last,
      types,
      limit,
      contentOffset,
      maxContentLength,
    });
    const session = rows.find((row) => row.session !== null)?.session ?? undefined;
    if (session === undefined) throw sessionNotFound(sessionKey);
    return {
      session: observe(session, session.observed_at),
      entries: rows.filter(isEntry).toSorted(order[direction]).map(entryRecord),
      scanned: scanRange(request, session.last_sequence),
    };
  };
}

const order = {
  ascending: (a: EntryRow, b: EntryRow): number => a.sequence - b.sequence,
  descending: (a: EntryRow, b: EntryRow): number => b.sequence - a.sequence,
};

/** The session stands in the first row alone: its metadata may be large. Without entries there is one row without one. */
type Row = { readonly session: (SessionRow & { observed_at: number }) | null } & (
  | EntryRow
  | { readonly sequence: null }
);

const isEntry = (row: Row): row is Row & EntryRow => row.sequence !== null;

interface RangeArguments extends Pick<ReadEntries, 'namespace' | 'sessionKey' | 'afterSequence' | 'limit'> {
  readonly first: number;
  readonly last: number;
  readonly types: ReadEntries['types'] | null;
  readonly contentOffset: number;
  readonly maxContentLength: number;
}

function prepareReadRange(
  database: Database,
  direction: ReadEntries['direction'],
): (args: RangeArguments) => Promise<Row[]> {
  const isAscending = direction === 'ascending';
  return database.prepareRead(`read_entries_${direction}`, (p) => {
    const beyond = isAscending ? sql`0` : sql`greatest(0, ${p.last}::bigint - found.last_sequence)`;
    return statement<Row>(sql`
      with found as materialized (
        select ${sessionColumns}, ${epochMs(clock(p))} as observed_at
        from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}
      )
      select case when row_number() over () = 1 then row_to_json(found) end as session, entry.*
      from found left join lateral (
        select ${entryColumns(p.contentOffset, p.maxContentLength)}
        from context_history
        where session_id = found.id
          and sequence >= greatest(${p.afterSequence}::bigint + 1, ${p.first}::bigint - ${beyond})
          and sequence <= ${p.last}::bigint - ${beyond}
          and (${p.types}::text[] is null or context_type = any (${p.types}::text[]))
        order by sequence ${isAscending ? sql`asc` : sql`desc`}
        limit ${p.limit}::integer
      ) as entry on true`);
  });
}
