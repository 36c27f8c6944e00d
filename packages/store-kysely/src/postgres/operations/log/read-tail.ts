import {
  scanRange,
  type AppendedEntry,
  type ContextType,
  type JsonObject,
  type LogTail,
  type ReadTail,
} from '@org/domain';
import { expressionBuilder, sql, type Expression, type InferResult, type Nullable } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { entryColumns, entryRecord, isEntry, noEntryColumns, type EntryRow } from '../../rows/entry-row.js';
import { foundSession, inFirstRow, notInFirstRow } from '../../rows/found-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import { selectSession } from '../../rows/session-row.js';
import type { Tables } from '../../schema/tables.js';
import { epochMs, type Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import { db } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

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
    const session = foundSession(rows, sessionKey);
    return {
      session: observe(session, session.observed_at),
      scanned: scanRange(request, session.last_sequence),
      pageEnds: rows.filter(isPageEnd).toSorted(bySequence).map(appendedEntry),
      entries: rows.filter(isEntry).toSorted(bySequence).map(entryRecord),
    };
  };
}

type PageEnd = Pick<EntryRow, 'sequence' | 'created_at' | 'content_bytes' | 'estimated_tokens' | 'epoch'>;

const isPageEnd = <Row extends Nullable<EntryRow>>(row: Row): row is Row & PageEnd =>
  row.sequence !== null && !isEntry(row);

const bySequence = (a: PageEnd, b: PageEnd): number => a.sequence - b.sequence;

const appendedEntry = (row: PageEnd): AppendedEntry => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
});

const entry = expressionBuilder<Tables, 'context_history'>();

/** The end of a page, in the columns of entries and in their order: an entry without what an append does not return. */
const pageEndColumns = [
  'sequence',
  sql<ContextType | null>`null::text`.as('context_type'),
  sql<string | null>`null::text`.as('agent'),
  'epoch',
  sql<boolean | null>`null::boolean`.as('pinned'),
  epochMs(entry.ref('created_at')).as('created_at'),
  'content_bytes',
  'estimated_tokens',
  sql<JsonObject | null>`null::json`.as('metadata'),
  sql<string | null>`null::text`.as('content'),
  sql<boolean | null>`null::boolean`.as('content_cut'),
] as const;

interface TailArguments extends Pick<ReadTail, 'namespace' | 'sessionKey' | 'afterSequence' | 'pageSize'> {
  readonly isDescending: boolean;
  readonly first: number;
  readonly last: number;
  readonly offset: number;
  readonly maxContentLength: number;
}

function prepareRead(database: Database) {
  return database.prepareRead('read_tail', (p: Clocked<TailArguments>) =>
    db
      .with(
        (cte) => cte('found').materialized(),
        () => findRange(p),
      )
      .selectFrom('found')
      .select(({ fn }) => inFirstRow(fn.toJson('found')))
      .select(noEntryColumns)
      .unionAll((query) =>
        query
          .selectFrom('found')
          .innerJoinLateral(selectPageEnds(p).unionAll(selectTail(p)).as('entry'), (join) => join.onTrue())
          .select(notInFirstRow)
          .selectAll('entry'),
      ),
  );
}

/** The session, and the range of its log that is read. */
function findRange(p: Clocked<TailArguments>) {
  const [first, last, pageSize] = [cast(p.first, 'bigint'), cast(p.last, 'bigint'), cast(p.pageSize, 'bigint')];
  return selectSession(p).select((eb) => {
    const length = eb.ref('last_sequence');
    const beyond = sql`case when ${cast(p.isDescending, 'boolean')} then greatest(0, ${last} - ${length}) else 0 end`;
    return [
      sql<number>`greatest(${cast(p.afterSequence, 'bigint')} + 1, ${first} - ${beyond})`.as('first'),
      sql<number>`least(${last} - ${beyond}, ${length})`.as('last'),
      sql<number>`${length} - ${length} % ${pageSize}`.as('end_of_full_pages'),
    ];
  });
}

const found = expressionBuilder<Tables & { found: InferResult<ReturnType<typeof findRange>>[number] }, 'found'>();

/** The entries of the range after the last full page. */
const selectTail = (p: Clocked<TailArguments>) =>
  found
    .selectFrom('context_history')
    .select(entryColumns(p.offset, p.maxContentLength))
    .whereRef('session_id', '=', 'found.id')
    .where('sequence', '>=', (eb) => sql`greatest(${eb.ref('found.first')}, ${eb.ref('found.end_of_full_pages')} + 1)`)
    .whereRef('sequence', '<=', 'found.last');

/**
 * The ends of the full pages that the range touches. Each is looked up separately (`offset 0`), because the planner
 * does not know how short the series is.
 */
function selectPageEnds(p: Clocked<TailArguments>) {
  const pageSize = cast(p.pageSize, 'bigint');
  const endOfPage = (sequence: Expression<number>) => sql`(${sequence} + ${pageSize} - 1) / ${pageSize} * ${pageSize}`;
  const ends = sql<{ last_sequence: number }>`generate_series(
    ${endOfPage(found.ref('found.first'))},
    least(${endOfPage(found.ref('found.last'))}, ${found.ref('found.end_of_full_pages')}),
    ${pageSize}
  )`.as<'page'>(sql`page(last_sequence)`);
  return found
    .selectFrom(ends)
    .crossJoinLateral((eb) =>
      eb
        .selectFrom('context_history')
        .select(pageEndColumns)
        .whereRef('session_id', '=', 'found.id')
        .whereRef('sequence', '=', 'page.last_sequence')
        .offset(sql.lit(0))
        .as('page_end'),
    )
    .selectAll('page_end')
    .whereRef('found.first', '<=', 'found.last');
}
