import { roleAddress, settledHandoff, type HandoffPage, type HandoffRecord, type ListHandoffs } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { handoffColumns, handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { findLapses, isCancelledByLapse, oneNamespace } from '../../leases/lapses.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { scanWidth } from '../../../constants.js';
import { place } from '../../rows/scan.js';
import { leasedSession, leasedSessionColumns, type LeasedSessionRow } from '../../rows/session-row.js';

export function prepareListHandoffs(database: Database, notice: NoticeUnsettled): Operation<ListHandoffs, HandoffPage> {
  const readInbox = prepareReadPage(database, 'inbox');
  const readPendingInbox = prepareReadPage(database, 'pending_inbox');
  const readOutbox = prepareReadPage(database, 'outbox');

  return async (request) => {
    const { namespace, direction, agent, status = null, after = 0, limit } = request;
    const addresses = direction === 'outbox' ? [agent] : [agent, '', ...new Set(request.roles.map(roleAddress))];
    const width = status === null ? limit : Math.floor(scanWidth / addresses.length);
    const readPage = direction === 'outbox' ? readOutbox : status === 'pending' ? readPendingInbox : readInbox;
    const rows = await readPage({ namespace, agent, addresses, status, after, width, limit });
    const [scan] = rows;
    if (scan?.has_due === true || scan?.expired) notice({ namespace, expired: scan.expired ?? [] });
    const listed = rows.filter(isListed).toSorted(inOrder);
    const stored = listed.filter(({ lapsed_at: lapsedAt }) => lapsedAt === null);
    const lastListed = stored.length === limit ? stored.at(-1)?.id : undefined;
    const { next, more } = nextPosition(scan, lastListed, after);
    return {
      handoffs: listed.map((row) => settledHandoff(recordOf(row), leasedSession(row, row.observed_at))),
      next,
      more: more || listed.length - stored.length < (scan?.offered_again ?? 0),
    };
  };
}

/** What was looked through, the same in every row. */
interface Scan {
  readonly observed_at: number;
  /** Whether leases may have lapsed that nothing has stored yet. */
  readonly has_due: boolean;
  /** How many offers of the list are pending again by such a lapse. */
  readonly offered_again: number;
  /** Offers that are stored as pending after their deadline; null: none. */
  readonly expired: readonly number[] | null;
  /** The last row of the range that was looked through; null: it was empty. */
  readonly last_scanned: number | null;
  /** Whether rows follow after that. */
  readonly is_cut: boolean;
}

interface ListedRow extends Scan, HandoffRow, LeasedSessionRow {
  /** When a lapse made it pending again that nothing has stored yet; null: none did. */
  readonly lapsed_at: number | null;
}

/** A page without handoffs has one row without one. */
type Row = ListedRow | (Scan & { readonly id: null });

const isListed = (row: Row): row is ListedRow => row.id !== null;

/** What is pending again follows all that is stored. */
const inOrder = (a: ListedRow, b: ListedRow): number => (a.lapsed_at ?? 0) - (b.lapsed_at ?? 0) || a.id - b.id;

const recordOf = (row: ListedRow): HandoffRecord => handoffRecord(row, row.observed_at, row);

function nextPosition(
  scan: Scan | undefined,
  lastListed: number | undefined,
  after: number,
): Pick<HandoffPage, 'next' | 'more'> {
  const lastScanned = scan?.last_scanned ?? after;
  const next = lastListed ?? lastScanned;
  return { next, more: scan?.is_cut === true || next < lastScanned };
}

interface PageArguments extends Pick<ListHandoffs, 'namespace' | 'agent' | 'limit'> {
  /** Whose ranges are merged; empty: of what is offered to anyone. */
  readonly addresses: readonly string[];
  readonly status: string | null;
  readonly after: number;
  /** How many rows of each range are looked through. */
  readonly width: number;
}

type Range = 'inbox' | 'pending_inbox' | 'outbox';

const rangeConditions: Readonly<Record<Range, RawBuilder<boolean>>> = {
  inbox: sql`coalesce(target_agent, '') = address`,
  pending_inbox: sql`coalesce(target_agent, '') = address and status = 'pending'`,
  outbox: sql`requesting_agent = address`,
};

/**
 * An agent has several addresses. Each is one range of an index; merged, they are known as far as the first of them was
 * cut off. Offers that are pending again by a lapse come when nothing stored is left.
 */
function prepareReadPage(database: Database, range: Range): (page: PageArguments) => Promise<Row[]> {
  return database.prepareRead(`list_${range}`, (p) =>
    statement<Row>(sql`
      with clock as materialized (select ${clock(p)} as now), ${findLapses(oneNamespace(p.namespace))},
      scanned as materialized (
        select part.*
        from unnest(${p.addresses}::text[]) as address cross join lateral (
          select ${scannedColumns}, row_number() over () as ordinal
          from (
            select ${scannedColumns}
            from handoffs
            where namespace = ${p.namespace} and ${rangeConditions[range]} and ${place} > ${p.after}::bigint
            order by ${place} limit ${p.width}::integer + 1
          ) as found
        ) as part
      ), cut as materialized (
        select min(id) - 1 as last_scanned from scanned where ordinal > ${p.width}::integer
      ), settled as materialized (
        select scanned.*, case
            when status <> 'pending' then status
            when ${isCancelledByLapse(sql`scanned`)} and (
              expires_at > clock.now
              or expires_at > (select lapsed_at from lapsed where lapsed.session_id = scanned.session_id)
            ) then 'cancelled'
            when expires_at <= clock.now then 'expired'
            else 'pending'
          end as shown_status
        from clock, cut, scanned
        where id <= coalesce(cut.last_scanned, id) and id not in (select id from lapsed)
      ), listed as materialized (
        select id from settled
        where (${p.status}::text is null or shown_status = ${p.status}::text) and ${isForAgent(p, range)}
        order by id limit ${p.limit}::integer
      ), again as materialized (
        select id, lapsed_at from lapsed, clock
        where ${isFound(p, range)} and ${isForAgent(p, range)} and (
          ${p.status}::text is null
          or case when expires_at > clock.now then 'pending' else 'expired' end = ${p.status}::text
        )
      ), listed_again as materialized (
        select again.* from again, cut
        where cut.last_scanned is null
        order by lapsed_at, id limit ${p.limit}::integer - (select count(*) from listed)
      ), scan as materialized (
        select coalesce(cut.last_scanned, (select max(id) from scanned)) as last_scanned,
          cut.last_scanned is not null as is_cut,
          exists (select from due) as has_due,
          (select count(*) from again) as offered_again,
          (select array_agg(id) from settled where shown_status = 'expired' and status = 'pending') as expired
        from cut
      )
      select scan.*, ${epochMs(sql`clock.now`)} as observed_at, handoff.*,
        (select ${epochMs(sql`lapsed_at`)} from listed_again where listed_again.id = handoff.id) as lapsed_at
      from clock, scan left join (
        select ${handoffColumns}, ${leasedSessionColumns}
        from handoffs join sessions on sessions.id = handoffs.session_id
        where handoffs.id = any (array(select id from listed union all select id from listed_again))
      ) as handoff on true`),
  );
}

/** What the filters look at. */
const scannedColumns = sql`id, session_id, request_type, status, expires_at, requesting_agent, target_agent`;

/** Whether an offer that is pending again belongs to what the list looks through. */
const isFound = (p: Placeholders<PageArguments>, range: Range): RawBuilder<boolean> =>
  range === 'outbox'
    ? sql`requesting_agent = any (${p.addresses}::text[])`
    : sql`coalesce(target_agent, '') = any (${p.addresses}::text[])`;

/** No agent may claim an offer that it made to a role. */
const isForAgent = (p: Placeholders<PageArguments>, range: Range): RawBuilder<boolean> =>
  range === 'outbox' ? sql`true` : sql`${isOwnRoleOffer(p.agent)} is not true`;

/** Null for an offer to anyone. See `isOwnRoleOffer` in the domain. */
export const isOwnRoleOffer = (agent: RawBuilder<string>): RawBuilder<unknown> =>
  sql`(requesting_agent = ${agent} and target_agent like 'role:%')`;
