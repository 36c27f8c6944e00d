import { isLeaseLapsed, limits } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { lockArguments, queueOffer, type LockArguments } from '../mutation/read-situation.js';
import { isLapsed, sessionRecord, type SessionRow } from '../rows/session-row.js';
import { update } from '../statements/changes.js';
import { clock } from '../statements/clock.js';
import { commitDurably } from '../statements/commit-durably.js';
import type { Database } from '../statements/database.js';
import { statement } from '../statements/query-builder.js';
import { cancelOffers, newOwner } from './move-ownership.js';

/**
 * Gives a session back to its requester if its lease had lapsed when it was read.
 * @returns true if it had lapsed; the session has to be read again then
 */
export type SettleLease = (session: SessionRow, observedAtMs: number) => Promise<boolean>;

export function prepareSettleLease(database: Database): SettleLease {
  const settle = prepareSettleLeases(database, 'settle_lease', sql``);
  return async (row, observedAtMs) => {
    if (!isLeaseLapsed(sessionRecord(row, observedAtMs))) return false;
    await settle([lockArguments(row)]);
    return true;
  };
}

/** Does the same for any number of sessions, except those that other transactions have locked. */
export const prepareSettleUnlockedLeases = (database: Database): SettleLeases =>
  prepareSettleLeases(database, 'settle_leases', sql`skip locked`);

/** @returns a row for each session that was given back */
type SettleLeases = (seen: readonly LockArguments[]) => Promise<readonly unknown[]>;

/**
 * Locks the sessions in the order of their ids, as a batch of appends does, and gives back those whose leases have lapsed
 * by then. `settledSession` and `settledHandoff` in the domain define what is stored. A write of the owner during the wait
 * renews the lease, so it is never lost. A session that changed during the wait is skipped, because this statement would
 * not see changes of its handoffs. The next call that reads the session settles it.
 *
 * A lapse does not count as activity of the session, so it does not extend the TTL. The offer gets a new id, so that it is
 * the newest in lists.
 */
function prepareSettleLeases(database: Database, name: string, unlessLocked: RawBuilder<unknown>): SettleLeases {
  const settle = database.prepareWrite<Seen, unknown>(name, (p) =>
    statement(sql`
      with locked as materialized (
        select * from sessions where id = any (${p.sessionRowIds}::bigint[]) order by id for update ${unlessLocked}
      ), timed as materialized (
        select locked.*, ${clock(p)} as now from locked
      ), session as materialized (
        select * from timed
        where ${isLapsed('timed', sql`now`)} and (id, version, offers) in (
          select * from unnest(${p.sessionRowIds}::bigint[], ${p.versions}::integer[], ${p.offers}::integer[])
        )
        order by namespace
      ), ${queueOffer}, returned as materialized (
        select id as session_id, namespace, last_sequence, lease_handoff_id as handoff_id, lease_returns_to as owner,
          lease_expires_at as now,
          true as moves,
          array_append(array_remove(array_remove(former_owners, lease_returns_to), owner), nullif(owner, lease_returns_to))
            as former_owners
        from queued
      ), moved as (
        ${update('sessions', {
          owner: sql`returned.owner`,
          participants: sql`array_remove(sessions.participants, returned.owner)`,
          former_participants: sql`array_remove(sessions.former_participants, returned.owner)`,
          former_owners: sql`(array_remove(returned.former_owners, null))[
            greatest(1, cardinality(array_remove(returned.former_owners, null)) - ${sql.lit(limits.formerOwners - 1)}):
          ]`,
          epoch: sql`sessions.epoch + 1`,
          version: sql`sessions.version + 1`,
          updated_at: sql`greatest(sessions.updated_at, returned.now)`,
          ...newOwner,
          lapsed_handoff_id: sql`returned.handoff_id`,
        })}
        from returned where sessions.id = returned.session_id
      ), cancelled as (
        ${cancelOffers('returned')}
      ), offered as (
        ${update('handoffs', {
          ...pendingAgain,
          upto_sequence: sql`returned.last_sequence`,
          expires_at: sql`case when expires_at > returned.now then expires_at
            else returned.now + (expires_at - created_at) end`,
        })}, id = default
        from returned
        where handoffs.namespace = returned.namespace and handoffs.handoff_id = returned.handoff_id
          and handoffs.status = 'accepted'
      )
      select ${commitDurably} as durability from returned`),
  );
  return (seen) =>
    settle({
      sessionRowIds: seen.map(({ sessionRowId }) => sessionRowId),
      versions: seen.map(({ version }) => version),
      offers: seen.map(({ offers }) => offers),
    });
}

const nothing = sql.lit(null);
const pendingAgain = {
  status: sql.lit('pending'),
  accepted_by: nothing,
  claimant: nothing,
  granted_epoch: nothing,
  lease_check_at: nothing,
};

/** {@link LockArguments} of several sessions. */
interface Seen {
  readonly sessionRowIds: readonly number[];
  readonly versions: readonly number[];
  readonly offers: readonly number[];
}
