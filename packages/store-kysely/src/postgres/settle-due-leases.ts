import { sql, type RawBuilder } from 'kysely';
import { clock, epochMs, milliseconds } from './clock.js';
import type { Database } from './database.js';
import { statement } from './query-builder.js';
import { isLapsed, sessionColumns, type SessionRow } from './session-row.js';
import { prepareSettleLease } from './settle-lease.js';

const settledAtOnce = 100;

/**
 * Whether there are leases in these namespaces that may have lapsed: whatever looks at more than one session asks this
 * first. `lease_check_at` is never after a lease's deadline, and an index finds it; the deadline itself moves with every
 * write, so that no index should hold it.
 */
export const areLeasesDue = (namespaces: RawBuilder<readonly string[]>, now: RawBuilder<Date>): RawBuilder<boolean> =>
  sql`exists (select from handoffs where namespace = any (${namespaces}::text[]) and lease_check_at <= ${now})`;

/** Settles every lapsed lease of some namespaces. A lease is looked at about once for each time that it could have lapsed. */
export function prepareSettleDueLeases(database: Database): (namespaces: readonly string[]) => Promise<void> {
  const check = prepareCheck(database);
  const settle = prepareSettleLease(database);
  return async (namespaces) => {
    for (;;) {
      const checked = await check({ namespaces });
      for (const row of checked) if (row.id !== null) await settle(row, row.observed_at);
      if (checked.length < settledAtOnce) return;
    }
  };
}

/** A lease that was checked has a session here if it lapsed. */
type Checked = { readonly observed_at: number } & (SessionRow | { readonly id: null });

/** Those that have not lapsed are checked again at their deadline, and those that are over never. */
function prepareCheck(database: Database): (args: { readonly namespaces: readonly string[] }) => Promise<Checked[]> {
  return database.prepareWrite('check_leases', (p) => {
    const holds = sql`(sessions.lease_handoff_id = due.handoff_id)`;
    return statement<Checked>(sql`
      with clock as materialized (select ${clock(p)} as now),
      due as materialized (
        select handoffs.id, handoffs.handoff_id, handoffs.session_id
        from handoffs, clock
        where namespace = any (${p.namespaces}::text[]) and lease_check_at <= clock.now
        limit ${sql.lit(settledAtOnce)}
        for update of handoffs skip locked
      ), postponed as (
        update handoffs set lease_check_at = case
          when not ${holds} then null
          when sessions.state = 'active' then sessions.lease_expires_at
          -- Nothing lapses while a session is closed.
          else clock.now + ${milliseconds(sql`sessions.lease_ms`)}
        end
        from clock, due join sessions on sessions.id = due.session_id
        where handoffs.id = due.id and not (coalesce(${holds}, false) and ${isLapsed(sql`sessions`, sql`clock.now`)})
      )
      select ${epochMs(sql`clock.now`)} as observed_at, session.*
      from clock, due left join lateral (
        select ${sessionColumns} from sessions
        where sessions.id = due.session_id and ${holds} and ${isLapsed(sql`sessions`, sql`(select now from clock)`)}
      ) as session on true`);
  });
}
