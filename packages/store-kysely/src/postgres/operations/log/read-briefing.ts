import type { BriefingSource, ReadBriefing } from '@org/domain';
import { expressionBuilder, sql, type InferResult } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { entryColumns, entryRecord, isEntry, noEntryColumns } from '../../rows/entry-row.js';
import { foundSession, inFirstRow, notInFirstRow } from '../../rows/found-session.js';
import { observingSessions } from '../../rows/observe-session.js';
import { selectSession } from '../../rows/session-row.js';
import type { Tables } from '../../schema/tables.js';
import type { Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import { db } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

export function prepareReadBriefing(
  database: Database,
  notice: NoticeUnsettled,
): Operation<ReadBriefing, BriefingSource> {
  const read = prepareRead(database);
  const observe = observingSessions(notice);
  return async (request) => {
    const { namespace, sessionKey, uptoSequence = null, pinnedLimit, newestLimit, maxContentLength } = request;
    const { enoughBytes = everything } = request;
    const rows = await read({
      namespace,
      sessionKey,
      uptoSequence,
      pinnedLimit,
      newestLimit,
      enoughBytes: enoughBytes.total,
      entryBytes: enoughBytes.each,
      offset: 0,
      maxContentLength,
    });
    const session = foundSession(rows, sessionKey);
    const newestFirst = rows.filter(isEntry).toSorted((a, b) => b.sequence - a.sequence);
    const entriesOf = (kind: EntryKind): BriefingSource['newest'] =>
      newestFirst.filter((row) => row.kind === kind).map(entryRecord);
    return {
      session: observe(session, session.observed_at),
      uptoSequence: session.upto_sequence,
      pinned: entriesOf('pinned'),
      newest: entriesOf('newest'),
      pinnedCount: session.pinned_count ?? 0,
      estimatedTokens: session.estimated_tokens ?? 0,
    };
  };
}

/** More than any log holds. */
const everything = { total: Number.MAX_SAFE_INTEGER, each: Number.MAX_SAFE_INTEGER };

type EntryKind = 'newest' | 'pinned';

interface BriefingArguments extends Pick<ReadBriefing, 'namespace' | 'sessionKey' | 'pinnedLimit' | 'newestLimit'> {
  readonly uptoSequence: number | null;
  readonly enoughBytes: number;
  readonly entryBytes: number;
  readonly offset: number;
  readonly maxContentLength: number;
}

function prepareRead(database: Database) {
  return database.prepareRead('read_briefing', (p: Clocked<BriefingArguments>) =>
    db
      .with(
        (cte) => cte('found').materialized(),
        () => findSession(p),
      )
      .with(
        (cte) => cte('session').materialized(),
        (query) =>
          query
            .selectFrom('found')
            // The totals up to an entry are stored with that entry.
            .leftJoin('context_history', (join) =>
              join.onRef('session_id', '=', 'found.id').onRef('sequence', '=', 'found.upto_sequence'),
            )
            .selectAll('found')
            .select((eb) => [
              eb('tokens_before', '+', eb.ref('estimated_tokens')).as('estimated_tokens'),
              eb('pinned_before', '+', eb.cast<number>('pinned', 'integer')).as('pinned_count'),
            ]),
      )
      .selectFrom('session')
      .select(({ fn }) => inFirstRow(fn.toJson('session')))
      .select([sql<EntryKind | null>`null`.as('kind'), ...noEntryColumns])
      .unionAll((query) =>
        query
          .selectFrom('session')
          .innerJoinLateral(
            briefed
              .selectFrom(selectNewest(p).as('newest'))
              .selectAll('newest')
              .unionAll(briefed.selectFrom(selectPinned(p).as('pinned')).selectAll('pinned'))
              .as('entry'),
            (join) => join.onTrue(),
          )
          .select(notInFirstRow)
          .selectAll('entry'),
      ),
  );
}

/** The session, and up to which entry its log is read. */
const findSession = (p: Clocked<BriefingArguments>) =>
  selectSession(p).select((eb) =>
    sql<number>`least(${cast(p.uptoSequence, 'bigint')}, ${eb.ref('last_sequence')})`.as('upto_sequence'),
  );

const briefed = expressionBuilder<
  Tables & { session: InferResult<ReturnType<typeof findSession>>[number] },
  'session'
>();

/** Selects the newest entries until they hold enough. Counting bytes is cheaper than sending entries that are not shown. */
function selectNewest(p: Clocked<BriefingArguments>) {
  const newest = selectLog()
    .selectAll('context_history')
    .select((eb) => {
      const counted = sql<number>`least(${eb.ref('content_bytes')}, ${cast(p.entryBytes, 'bigint')})`;
      const upToHere = eb.fn.sum<number>(counted).over((over) => over.orderBy('sequence', 'desc'));
      return sql<number>`${upToHere} - ${counted}`.as('newer_bytes');
    })
    .limit(cast(p.newestLimit, 'integer'));
  return briefed
    .selectFrom(newest.as('newest'))
    .select(briefedColumns(p, 'newest'))
    .where('newer_bytes', '<', cast(p.enoughBytes, 'bigint'));
}

const selectPinned = (p: Clocked<BriefingArguments>) =>
  selectLog()
    .select(briefedColumns(p, 'pinned'))
    .where((eb) => eb.ref('pinned'))
    .limit(cast(p.pinnedLimit, 'integer'));

const selectLog = () =>
  briefed
    .selectFrom('context_history')
    .whereRef('session_id', '=', 'session.id')
    .whereRef('sequence', '<=', 'session.upto_sequence')
    .orderBy('sequence', 'desc');

const briefedColumns = (p: Clocked<BriefingArguments>, kind: EntryKind) =>
  [sql.lit(kind).as('kind'), ...entryColumns(p.offset, p.maxContentLength)] as const;
