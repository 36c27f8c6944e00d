import { sql } from 'kysely';
import { lockArguments } from '../mutation/read-situation.js';
import type { Operation } from '../operations/operation.js';
import { isLapsed, renewedLease, type SessionRow } from '../rows/session-row.js';
import { update } from '../statements/changes.js';
import { clock } from '../statements/clock.js';
import type { Database } from '../statements/database.js';
import { statement } from '../statements/query-builder.js';
import { prepareSettleUnlockedLeases } from './settle-lease.js';

const settledAtOnce = 200;

/**
 * Stores some lapses of a namespace, and returns true if there may be more. A lease that has not lapsed is checked again at
 * its deadline, so about once per duration. Skips rows that other transactions have locked.
 */
export function prepareSettleDueLeases(database: Database): Operation<string, boolean> {
  const check = prepareCheck(database);
  const settle = prepareSettleUnlockedLeases(database);
  return async (namespace) => {
    const checked = await check({ namespace });
    const lapsed = checked.filter((row) => row.is_lapsed);
    const settled = lapsed.length === 0 ? [] : await settle(lapsed.map(lockArguments));
    return checked.length === settledAtOnce && settled.length + checked.length > lapsed.length;
  };
}

/**
 * A lease that is over is never checked again. Nothing lapses while a session is closed, so its lease is checked later.
 */
const nextCheck = sql`case
  when not judged.holds then null
  when judged.state = 'active' then judged.lease_expires_at
  else ${renewedLease('judged', sql`judged.now`)} end`;

/** The session that a lease was found on, when it was checked. */
interface Checked extends Pick<SessionRow, 'id' | 'version' | 'offers'> {
  readonly is_lapsed: boolean;
}

function prepareCheck(database: Database): (args: { readonly namespace: string }) => Promise<Checked[]> {
  return database.prepareWrite('check_leases', (p) =>
    statement<Checked>(sql`
      with clock as materialized (select ${clock(p)} as now),
      due as materialized (
        select handoffs.id, handoffs.handoff_id, handoffs.session_id
        from handoffs, clock
        where namespace = ${p.namespace} and lease_check_at <= clock.now
        order by lease_check_at limit ${sql.lit(settledAtOnce)}
        for update of handoffs skip locked
      ), held as materialized (
        select * from sessions where id = any (array(select session_id from due))
      ), judged as materialized (
        select due.id as handoff_row_id, held.*, held.lease_handoff_id is not distinct from due.handoff_id as holds, clock.now
        from clock, due join held on held.id = due.session_id
      ), postponed as (
        ${update('handoffs', { lease_check_at: nextCheck })}
        from judged
        where handoffs.id = judged.handoff_row_id and not (judged.holds and ${isLapsed('judged', sql`judged.now`)})
      )
      select judged.id, judged.version, judged.offers, judged.holds and ${isLapsed('judged', sql`judged.now`)} as is_lapsed from judged`),
  );
}
