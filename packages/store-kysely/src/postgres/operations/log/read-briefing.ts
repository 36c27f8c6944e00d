import { sessionNotFound, type BriefingSource, type ReadBriefing } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { entryColumns, entryRecord, type EntryRow } from '../../rows/entry-row.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { sessionColumns, type SessionRow } from '../../rows/session-row.js';

export function prepareReadBriefing(
  database: Database,
  notice: NoticeUnsettled,
): Operation<ReadBriefing, BriefingSource> {
  const read = prepareRead(database);
  const observe = observingSessions(notice);
  return async (request) => {
    const { namespace, sessionKey, uptoSequence = null, pinnedLimit, newestLimit, maxContentLength } = request;
    const rows = await read({
      namespace,
      sessionKey,
      uptoSequence,
      pinnedLimit,
      newestLimit,
      offset: 0,
      maxContentLength,
    });
    const found = rows.find((row) => row.session !== null)?.session ?? undefined;
    if (found === undefined) throw sessionNotFound(sessionKey);
    const newestFirst = (kind: TaggedEntry['kind']): BriefingSource['newest'] =>
      rows
        .filter((row): row is Row & TaggedEntry => row.kind === kind)
        .toSorted((a, b) => b.sequence - a.sequence)
        .map(entryRecord);
    return {
      session: observe(found, found.observed_at),
      uptoSequence: found.upto_sequence,
      pinned: newestFirst('pinned'),
      newest: newestFirst('newest'),
      pinnedCount: found.pinned_count ?? 0,
      estimatedTokens: found.estimated_tokens ?? 0,
    };
  };
}

interface Found extends SessionRow {
  readonly observed_at: number;
  readonly upto_sequence: number;
  /** Of all entries up to there; null when there are none. */
  readonly estimated_tokens: number | null;
  readonly pinned_count: number | null;
}

interface TaggedEntry extends EntryRow {
  readonly kind: 'newest' | 'pinned';
}

/** The session stands in the first row alone: its metadata may be large. Without entries there is one row without one. */
type Row = { readonly session: Found | null } & (TaggedEntry | { readonly kind: null });

interface BriefingArguments extends Pick<ReadBriefing, 'namespace' | 'sessionKey' | 'pinnedLimit' | 'newestLimit'> {
  readonly uptoSequence: number | null;
  readonly offset: number;
  readonly maxContentLength: number;
}

function prepareRead(database: Database): (args: BriefingArguments) => Promise<Row[]> {
  return database.prepareRead('read_briefing', (p) => {
    const entries = (kind: TaggedEntry['kind'], condition: RawBuilder<boolean>, limit: RawBuilder<number>) => sql`
      (select ${sql.lit(kind)} as kind, ${entryColumns(p.offset, p.maxContentLength)}
      from context_history
      where session_id = session.id and sequence <= session.upto_sequence and ${condition}
      order by sequence desc
      limit ${limit}::integer)`;
    return statement<Row>(sql`
      with found as materialized (
        select ${sessionColumns}, ${epochMs(clock(p))} as observed_at,
          least(${p.uptoSequence}::bigint, sessions.last_sequence) as upto_sequence
        from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}
      ), session as materialized (
        -- What a log holds up to an entry is a look-up of that entry alone.
        select found.*, tokens_before + estimated_tokens as estimated_tokens,
          pinned_before + pinned::integer as pinned_count
        from found left join context_history on session_id = found.id and sequence = found.upto_sequence
      )
      select case when row_number() over () = 1 then row_to_json(session) end as session, entry.*
      from session left join lateral (
        ${entries('newest', sql`true`, p.newestLimit)} union all ${entries('pinned', sql`pinned`, p.pinnedLimit)}
      ) as entry on true`);
  });
}
