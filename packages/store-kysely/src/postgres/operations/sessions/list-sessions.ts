import type { ListSessions, SessionPage } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs, milliseconds } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { scanWidth } from '../../../constants.js';
import { place } from '../../rows/scan.js';
import { isLapsed, isWithinTtl, sessionColumns, type SessionRow } from '../../rows/session-row.js';

export function prepareListSessions(database: Database, notice: NoticeUnsettled): Operation<ListSessions, SessionPage> {
  const read = prepareRead(database);
  const observe = observingSessions(notice);

  return async (request) => {
    const { namespace, before = Number.MAX_SAFE_INTEGER, status = null, owner = null, dormantAfterMs, limit } = request;
    const width = status === null && owner === null ? limit : scanWidth;
    const rows = await read({ namespace, before, status, owner, dormantAfterMs, width, limit });
    const listed = rows.filter(isListed).toSorted((a, b) => b.id - a.id);
    return {
      sessions: listed.map((row) => observe(row, row.observed_at)),
      next: nextPosition(rows[0], listed.length === limit ? listed.at(-1)?.id : undefined, width),
    };
  };
}

/** What was looked through, the same in every row. */
interface Scan {
  readonly observed_at: number;
  /** How many rows were read: one more than a page examines, if there are that many. */
  readonly scanned: number;
  /** The last of them; null: there were none. */
  readonly last_scanned: number | null;
}

/** A page without sessions has one row without one. */
type Row = Scan & (SessionRow | { readonly id: null });

const isListed = (row: Row): row is Scan & SessionRow => row.id !== null;

/** A page goes on before what it last looked at: its last session if it is full, or the last that it had to look through. */
function nextPosition(scan: Scan | undefined, lastListed: number | undefined, width: number): number | undefined {
  if (scan === undefined || scan.last_scanned === null) return undefined;
  if (lastListed !== undefined) return lastListed > scan.last_scanned ? lastListed : undefined;
  return scan.scanned > width ? scan.last_scanned + 1 : undefined;
}

interface PageArguments extends Pick<ListSessions, 'namespace' | 'dormantAfterMs' | 'limit'> {
  readonly before: number;
  readonly status: string | null;
  readonly owner: string | null;
  readonly width: number;
}

function prepareRead(database: Database): (page: PageArguments) => Promise<Row[]> {
  return database.prepareRead('list_sessions', (p) =>
    statement<Row>(sql`
      with clock as materialized (select ${clock(p)} as now),
      scanned as materialized (
        select id, state, owner, last_activity_at, ttl_ms, lease_returns_to, lease_expires_at
        from sessions where namespace = ${p.namespace} and ${place} < ${p.before}::bigint
        order by ${place} desc limit ${p.width}::integer + 1
      ), looked as materialized (
        select scanned.*, row_number() over () as ordinal, case
            when state <> 'active' then state
            when not ${isWithinTtl(sql`scanned`, sql`now`)} then 'expired'
            when last_activity_at + ${milliseconds(p.dormantAfterMs)} <= now then 'dormant'
            else 'active'
          end as status,
          case when ${isLapsed(sql`scanned`, sql`now`)} then lease_returns_to else owner end as settled_owner
        from scanned, clock
      ), listed as materialized (
        select id from looked
        where ordinal <= ${p.width}::integer
          and (${p.owner}::text is null or settled_owner = ${p.owner}::text)
          and (${p.status}::text is null or status = ${p.status}::text)
        order by id desc limit ${p.limit}::integer
      ), scan as materialized (
        select count(*) as scanned, min(id) as last_scanned from scanned
      )
      select scan.*, ${epochMs(sql`clock.now`)} as observed_at, session.*
      from clock, scan left join (
        select ${sessionColumns} from sessions where id = any (array(select id from listed))
      ) as session on true`),
  );
}
