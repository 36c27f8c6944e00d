import { isLeaseAhead, type SessionRecord } from '@org/domain';
import { sql, type Expression, type RawBuilder } from 'kysely';
import { lockArguments, lockSession, type LockArguments } from '../mutation/read-situation.js';
import { renewedLease, sessionColumns, type SessionRow } from '../rows/session-row.js';
import type { SessionsTable } from '../schema/tables.js';
import { update } from '../statements/changes.js';
import { milliseconds } from '../statements/clock.js';
import { commitDurably } from '../statements/commit-durably.js';
import type { Database } from '../statements/database.js';
import { columnsOf, selectionList } from '../statements/expressions.js';
import { statement } from '../statements/query-builder.js';

/**
 * Renews the lease on which the owner holds a session, for the given duration or else for the lease's own.
 *
 * A lease is never checked later than its deadline, so the check moves with a deadline that moves back. Other writes of
 * the owner renew a lease without updating its handoff: see {@link isRenewable}.
 */
export function prepareRenewLease(
  database: Database,
): (session: LockArguments & { readonly leaseMs: number | null }) => Promise<SessionRow[]> {
  return database.prepareWrite('renew_lease', (p) =>
    statement<SessionRow>(sql`
      with ${lockSession(p)}, renewed as materialized (
        select id, namespace, lease_handoff_id, coalesce(${p.leaseMs}::bigint, lease_ms) as lease_ms,
          now + ${milliseconds(sql`coalesce(${p.leaseMs}::bigint, lease_ms)`)} as deadline
        from session
      ), checked as (
        ${update('handoffs', { lease_check_at: sql`renewed.deadline` })}
        from renewed
        where handoffs.namespace = renewed.namespace and handoffs.handoff_id = renewed.lease_handoff_id
      )
      ${update('sessions', { lease_ms: sql`renewed.lease_ms`, lease_expires_at: sql`renewed.deadline` })}
      from renewed where sessions.id = renewed.id
      returning ${selectionList(sessionColumns)}, ${commitDurably} as durability`),
  );
}

/**
 * Renews the lease of an owner that is about to write, if its deadline is further ahead than a renewal would set it. That
 * happens after the clock was set back. The write itself only moves deadlines on: see {@link isRenewable}.
 *
 * @returns whether it renewed the lease; the session has to be read again then
 */
export function prepareRenewLeaseAhead(
  database: Database,
): (row: SessionRow, record: SessionRecord, agent: string) => Promise<boolean> {
  const renew = prepareRenewLease(database);
  return async (row, record, agent) => {
    if (agent !== record.owner || !isLeaseAhead(record)) return false;
    await renew({ ...lockArguments(row), leaseMs: null });
    return true;
  };
}

/**
 * Whether a write of the owner may renew the session's lease, because the deadline does not move back. If it would, which
 * happens after the clock was set back, {@link prepareRenewLeaseAhead} has to run first. See `isLeaseAhead` in the domain.
 *
 * @param session the name of a row with the columns of `sessions`
 */
export function isRenewable(session: string, now: Expression<unknown>): RawBuilder<boolean> {
  const deadline = columnsOf<SessionsTable>(session)('lease_expires_at');
  return sql`coalesce(${deadline} <= ${renewedLease(session, now)}, true)`;
}
