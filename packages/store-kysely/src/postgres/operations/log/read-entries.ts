import { scanRange, type EntryPage, type ReadEntries } from '@org/domain';
import { expressionBuilder, sql, type InferResult } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { entryColumns, entryRecord, isEntry, noEntryColumns, type EntryRow } from '../../rows/entry-row.js';
import { foundSession, inFirstRow, notInFirstRow } from '../../rows/found-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import { selectSession } from '../../rows/session-row.js';
import type { Tables } from '../../schema/tables.js';
import type { Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import { db } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

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
    const session = foundSession(rows, sessionKey);
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

interface RangeArguments extends Pick<ReadEntries, 'namespace' | 'sessionKey' | 'afterSequence' | 'limit'> {
  readonly first: number;
  readonly last: number;
  readonly types: NonNullable<ReadEntries['types']> | null;
  readonly contentOffset: number;
  readonly maxContentLength: number;
}

function prepareReadRange(database: Database, direction: ReadEntries['direction']) {
  return database.prepareRead(`read_entries_${direction}`, (p: Clocked<RangeArguments>) =>
    db
      .with(
        (cte) => cte('found').materialized(),
        () => selectSession(p),
      )
      .selectFrom('found')
      .select(({ fn }) => inFirstRow(fn.toJson('found')))
      .select(noEntryColumns)
      .unionAll((query) =>
        query
          .selectFrom('found')
          .innerJoinLateral(selectRange(p, direction).as('entry'), (join) => join.onTrue())
          .select(notInFirstRow)
          .selectAll('entry'),
      ),
  );
}

const found = expressionBuilder<Tables & { found: InferResult<ReturnType<typeof selectSession>>[number] }, 'found'>();

/** The entries of the range that have one of the types. */
function selectRange(p: Clocked<RangeArguments>, direction: ReadEntries['direction']) {
  const isAscending = direction === 'ascending';
  const [first, last, types] = [cast(p.first, 'bigint'), cast(p.last, 'bigint'), cast(p.types, 'text[]')];
  const beyond = isAscending ? sql`0` : sql`greatest(0, ${last} - ${found.ref('found.last_sequence')})`;
  return found
    .selectFrom('context_history')
    .select(entryColumns(p.contentOffset, p.maxContentLength))
    .whereRef('session_id', '=', 'found.id')
    .where('sequence', '>=', sql<number>`greatest(${cast(p.afterSequence, 'bigint')} + 1, ${first} - ${beyond})`)
    .where('sequence', '<=', sql<number>`${last} - ${beyond}`)
    .where((eb) => eb.or([eb(types, 'is', null), eb('context_type', '=', eb.fn.any(types.$notNull()))]))
    .orderBy('sequence', isAscending ? 'asc' : 'desc')
    .limit(cast(p.limit, 'integer'));
}
