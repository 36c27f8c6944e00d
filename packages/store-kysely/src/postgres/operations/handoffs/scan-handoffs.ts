import type { ListHandoffs } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import { clock, epochMs } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { findLapses, isCancelledByLapse, oneNamespace } from '../../leases/lapses.js';
import { statement } from '../../statements/query-builder.js';
import { selectLeasedHandoffs, type LeasedHandoffRow } from './read-handoff.js';
import { place } from '../../rows/scan.js';

/** What was looked through. */
export interface Scan {
  readonly observed_at: number;
  /** The greatest place that the database ever gave. */
  readonly last_place: number;
  /** Whether leases may have lapsed that nothing has stored yet. */
  readonly has_due: boolean;
  /** Offers that are stored as pending after their deadline; null: none. */
  readonly expired: readonly number[] | null;
  /** How far each class was read; null: nothing was there. */
  readonly classes: readonly { class: number; last: number; cut_after: number | null }[] | null;
  /** What the list shows of that, the oldest of each class first; null: nothing. */
  readonly listed: readonly { id: number; class: number; sender: string; is_offered_again: boolean }[] | null;
  /** The first of those, as many as a page shows. */
  readonly oldest: readonly LeasedHandoffRow[] | null;
}

export interface ScanArguments extends Pick<ListHandoffs, 'namespace' | 'agent' | 'limit'> {
  /** Each is one range of an index; empty: what is offered to anyone. */
  readonly addresses: readonly string[];
  /** Of each address. */
  readonly classes: readonly number[];
  /** After which place each address is read. */
  readonly starts: readonly number[];
  readonly status: string | null;
  /** How many rows of each address are looked through. */
  readonly width: number;
}

export type Range = 'inbox' | 'pending_inbox' | 'outbox';

/** What an address is compared with. An index has it in these words. */
const addressee: Readonly<Record<Range, RawBuilder<string>>> = {
  inbox: sql`coalesce(target_agent, '')`,
  pending_inbox: sql`coalesce(target_agent, '')`,
  outbox: sql`requesting_agent`,
};

/**
 * The addresses of a class are known as far as the first of them was cut off. Offers that are pending again by a lapse
 * follow what is stored, as long as nothing was cut off.
 */
export function prepareScanHandoffs(database: Database, range: Range): (args: ScanArguments) => Promise<Scan[]> {
  return database.prepareRead(`list_${range}`, (p) =>
    statement<Scan>(sql`
      with clock as materialized (select ${clock(p)} as now), ${findLapses(oneNamespace(p.namespace))},
      ${settledRows(p, range)}, listed as materialized (
        select id, class, requesting_agent as sender, null::timestamptz as lapsed_at from settled
        where (${p.status}::text is null or shown_status = ${p.status}::text) and ${isForAgent(p, range)}
        union all
        select id, class, requesting_agent, lapsed_at
        from clock, lapsed join addressed on ${addressee[range]} = address
        where ${isForAgent(p, range)} and not exists (select from reached where cut_after is not null) and (
          ${p.status}::text is null
          or case when expires_at > clock.now then 'pending' else 'expired' end = ${p.status}::text
        )
      )
      select ${epochMs(sql`clock.now`)} as observed_at,
        coalesce(pg_sequence_last_value(regclass 'handoffs_id_seq'), 0) as last_place,
        exists (select from due) as has_due,
        (select array_agg(id) from settled where shown_status = 'expired' and status = 'pending') as expired,
        (select json_agg(reached) from reached) as classes,
        (
          select json_agg(
            json_build_object('id', id, 'class', class, 'sender', sender, 'is_offered_again', lapsed_at is not null)
            order by ${listOrder}
          ) from listed
        ) as listed,
        (
          select json_agg(oldest) from (
            ${selectLeasedHandoffs}
            where handoffs.id = any (array(select id from listed order by ${listOrder} limit ${p.limit}::integer))
          ) as oldest
        ) as oldest
      from clock`),
  );
}

const listOrder = sql`class, lapsed_at nulls first, id`;

/**
 * Expressions for `with …`: the addresses; the rows of each that are looked through; how far each class is known; and its
 * rows up to there as the clock has them, but for those that a lapse offers again.
 */
const settledRows = (p: Placeholders<ScanArguments>, range: Range): RawBuilder<unknown> => sql`
  addressed as materialized (
    select * from unnest(${p.addresses}::text[], ${p.classes}::integer[], ${p.starts}::bigint[])
      as addressed (address, class, start)
  ), scanned as materialized (
    select part.*, addressed.class
    from addressed cross join lateral (
      select ${scannedColumns}, row_number() over () as ordinal
      from (
        select ${scannedColumns}
        from handoffs
        where namespace = ${p.namespace} and ${addressee[range]} = address and ${place} > addressed.start
          ${range === 'pending_inbox' ? sql`and status = 'pending'` : sql``}
        order by ${place} limit ${p.width}::integer + 1
      ) as found
    ) as part
  ), reached as materialized (
    select class, max(id) as last, min(id) filter (where ordinal > ${p.width}::integer) - 1 as cut_after
    from scanned group by class
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
    from clock, scanned join reached using (class)
    where id <= coalesce(reached.cut_after, id) and id not in (select id from lapsed)
  )`;

/** What the filters look at. */
const scannedColumns = sql`id, session_id, request_type, status, expires_at, requesting_agent, target_agent`;

/** No agent may claim an offer that it made to a role. */
const isForAgent = (p: Placeholders<ScanArguments>, range: Range): RawBuilder<boolean> =>
  range === 'outbox' ? sql`true` : sql`${isOwnRoleOffer(p.agent)} is not true`;

/** Null for an offer to anyone. See `isOwnRoleOffer` in the domain. */
export const isOwnRoleOffer = (agent: RawBuilder<string>): RawBuilder<unknown> =>
  sql`(requesting_agent = ${agent} and target_agent like 'role:%')`;
