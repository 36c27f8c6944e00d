import { roleAddress, type HandoffPage, type ListHandoffs } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import { clock, epochMs, type ClockArguments } from './clock.js';
import type { Database } from './database.js';
import { handoffColumns, handoffRecord, type HandoffRow, type LeaseOfSession } from './handoff-row.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { place, scanWidth } from './scan.js';
import { areLeasesDue, prepareSettleDueLeases } from './settle-due-leases.js';
import { untilAnswered } from './until-answered.js';

export function prepareListHandoffs(database: Database): Operation<ListHandoffs, HandoffPage> {
  const readInbox = prepareReadPage(database, 'inbox');
  const readPendingInbox = prepareReadPage(database, 'pending_inbox');
  const readOutbox = prepareReadPage(database, 'outbox');

  const settleDueLeases = prepareSettleDueLeases(database);

  return (request) =>
    untilAnswered(async () => {
      const { namespace, direction, agent, status = null, after = 0, limit } = request;
      const addresses = direction === 'outbox' ? [agent] : [agent, '', ...new Set(request.roles.map(roleAddress))];
      const width = status === null ? limit : Math.floor(scanWidth / addresses.length);
      const readPage = direction === 'outbox' ? readOutbox : status === 'pending' ? readPendingInbox : readInbox;
      const rows = await readPage({ namespace, agent, addresses, status, after, width, limit });
      if (rows[0]?.leases_due === true && (await settleDueLeases([namespace]))) return undefined;
      const listed = rows.filter(isListed).toSorted((a, b) => a.id - b.id);
      const lastListed = listed.length === limit ? listed.at(-1)?.id : undefined;
      return {
        handoffs: listed.map((row) => handoffRecord(row, row.observed_at, row)),
        ...nextPosition(rows[0], lastListed, after),
      };
    });
}

/** What was looked through, the same in every row. */
interface Scan {
  readonly observed_at: number;
  /** Leases have to be settled first: nothing else in the answer counts then. */
  readonly leases_due: boolean;
  /** The last row of the range that was looked through; null: it was empty. */
  readonly last_scanned: number | null;
  /** Whether rows follow after that. */
  readonly is_cut: boolean;
}

/** A page without handoffs has one row without one. */
type Row = Scan & ((HandoffRow & LeaseOfSession) | { readonly id: null });

const isListed = (row: Row): row is Scan & HandoffRow & LeaseOfSession => row.id !== null;

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
 * cut off.
 */
function prepareReadPage(database: Database, range: Range): (page: PageArguments) => Promise<Row[]> {
  // A read, for it may be repeated: what it marks as expired has expired whoever says so.
  return database.prepareRead(`list_${range}`, (p) =>
    statement<Row>(sql`
      with clock as materialized (select ${clock(p)} as now),
      scanned as materialized (
        select part.*
        from unnest(${p.addresses}::text[]) as address cross join lateral (
          select id, row_number() over () as ordinal, status, expires_at, requesting_agent, target_agent
          from (
            select id, status, expires_at, requesting_agent, target_agent
            from handoffs
            where namespace = ${p.namespace} and ${rangeConditions[range]} and ${place} > ${p.after}::bigint
            order by ${place} limit ${p.width}::integer + 1
          ) as found
        ) as part
      ), ${range === 'pending_inbox' ? expireLapsed : sql``} cut as materialized (
        select min(id) - 1 as last_scanned from scanned where ordinal > ${p.width}::integer
      ), listed as materialized (
        select id from scanned, cut, clock
        where id <= coalesce(cut.last_scanned, id) and ${isListedBy(p, range)}
        order by id limit ${p.limit}::integer
      ), scan as materialized (
        select coalesce(cut.last_scanned, (select max(id) from scanned)) as last_scanned,
          cut.last_scanned is not null as is_cut, ${areLeasesDue(p.namespace, sql`clock.now`)} as leases_due
        from cut, clock
      )
      select scan.*, ${epochMs(sql`clock.now`)} as observed_at, handoff.*
      from clock, scan left join (
        select ${handoffColumns}, lease_handoff_id, ${epochMs(sql`lease_expires_at`)} as lease_expires_at
        from handoffs join sessions on sessions.id = handoffs.session_id
        where handoffs.id = any (array(select id from listed))
      ) as handoff on true`),
  );
}

/**
 * An offer that lapsed is no longer among the pending ones from the moment that a list comes across it: lists look at each
 * once, and not again and again until the end of days. Who holds one of them locked will find out by itself.
 */
const expireLapsed = sql`
  lapsed as materialized (
    select id from handoffs
    where id = any (array(select id from scanned, clock where expires_at <= clock.now)) and status = 'pending'
    for update skip locked
  ), expired as (
    update handoffs set status = 'expired' from lapsed where handoffs.id = lapsed.id
  ),`;

/** See `handoffStatus` in the domain. Nobody may claim an own offer to a role. */
function isListedBy(p: Placeholders<PageArguments & ClockArguments>, range: Range): RawBuilder<boolean> {
  const status = sql`case when status = 'pending' and expires_at <= clock.now then 'expired' else status end`;
  return sql`
    (${p.status}::text is null or ${status} = ${p.status}::text)
    and ${range === 'outbox' ? sql`true` : sql`${isOwnRoleOffer(p.agent)} is not true`}`;
}

/** Null for an offer to anyone. See `isOwnRoleOffer` in the domain. */
export const isOwnRoleOffer = (agent: RawBuilder<string>): RawBuilder<unknown> =>
  sql`(requesting_agent = ${agent} and target_agent like 'role:%')`;
