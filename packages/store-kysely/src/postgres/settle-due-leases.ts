import { sql, type RawBuilder } from 'kysely';
import { clock, milliseconds } from './clock.js';
import type { Database } from './database.js';
import { statement } from './query-builder.js';
import { lockArguments } from './read-situation.js';
import { isLapsed, type SessionRow } from './session-row.js';
import { prepareSettleLeases } from './settle-lease.js';

const settledAtOnce = 500;

/**
 * Whether there are leases in a namespace that may have lapsed: whatever looks at more than one session asks this
 * first. `lease_check_at` is never after a lease's deadline, and an index finds it; the deadline itself moves with every
 * write, so that no index should hold it.
 */
export const areLeasesDue = (namespace: RawBuilder<string>, now: RawBuilder<Date>): RawBuilder<boolean> =>
  // By the first of all: asked for any, a planner that cannot know how many are due may look through the table.
  sql`coalesce((
    select lease_check_at from handoffs
    where namespace = ${namespace} and lease_check_at is not null
    order by lease_check_at limit 1
  ) <= ${now}, false)`;

/**
 * Settles lapsed leases of some namespaces, up to a number: the call that comes across them must not wait for thousands.
 * A lease is looked at about once for each time that it could have lapsed.
 *
 * @returns whether to look for more: those that somebody else is at work on are left to that one
 */
export function prepareSettleDueLeases(database: Database): (namespaces: readonly string[]) => Promise<boolean> {
  const check = prepareCheck(database);
  const settle = prepareSettleLeases(database);
  return async (namespaces) => {
    const checked = await check({ namespaces });
    const lapsed = checked.filter((row) => row.is_lapsed);
    if (lapsed.length > 0) await settle(lapsed.map(lockArguments));
    return checked.length > 0;
  };
}

/** The session that a lease was found on, when it was checked. */
interface Checked extends Pick<SessionRow, 'id' | 'version' | 'offers'> {
  readonly is_lapsed: boolean;
}

/** Those that have not lapsed are checked again at their deadline, and those that are over never. */
function prepareCheck(database: Database): (args: { readonly namespaces: readonly string[] }) => Promise<Checked[]> {
  return database.prepareWrite('check_leases', (p) =>
    statement<Checked>(sql`
      with clock as materialized (select ${clock(p)} as now),
      due as materialized (
        select handoffs.id, handoffs.handoff_id, handoffs.session_id
        from handoffs, clock
        where namespace = any (${p.namespaces}::text[]) and lease_check_at <= clock.now
        limit ${sql.lit(settledAtOnce)}
        for update of handoffs skip locked
      ), held as materialized (
        select * from sessions where id = any (array(select session_id from due))
      ), judged as materialized (
        select due.id as leased_id, held.*, held.lease_handoff_id is not distinct from due.handoff_id as holds, clock.now
        from clock, due join held on held.id = due.session_id
      ), postponed as (
        update handoffs set lease_check_at = case
          when not judged.holds then null
          when judged.state = 'active' then judged.lease_expires_at
          -- Nothing lapses while a session is closed.
          else judged.now + ${milliseconds(sql`judged.lease_ms`)}
        end
        from judged
        where handoffs.id = judged.leased_id and not (judged.holds and ${isLapsed(sql`judged`, sql`judged.now`)})
      )
      select judged.id, judged.version, judged.offers, judged.holds and ${isLapsed(sql`judged`, sql`judged.now`)} as is_lapsed from judged`),
  );
}
