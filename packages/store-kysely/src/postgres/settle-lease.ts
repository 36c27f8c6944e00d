import { isLeaseLapsed, moveOwnership } from '@org/domain';
import { sql } from 'kysely';
import type { Database } from './database.js';
import { cancelOffers, noLease } from './move-ownership.js';
import { statement } from './query-builder.js';
import { lockArguments, lockSession, queueOffer, type LockArguments } from './read-situation.js';
import { sessionRecord, type SessionRow } from './session-row.js';

/**
 * Gives a session back to its requester if its lease had lapsed when it was read.
 * @returns whether it had: what was read is no longer so, and has to be read again
 */
export type SettleLease = (session: SessionRow, observedAtMs: number) => Promise<boolean>;

export function prepareSettleLease(database: Database): SettleLease {
  const write = prepareWrite(database);
  return async (row, observedAtMs) => {
    const session = sessionRecord(row, observedAtMs);
    if (session.lease === undefined || !isLeaseLapsed(session)) return false;
    const { owner, participants, formerOwners } = moveOwnership(session, session.lease.returnsTo);
    await write({ ...lockArguments(row), owner, participants, formerOwners });
    return true;
  };
}

interface Return extends LockArguments {
  readonly owner: string;
  readonly participants: readonly string[];
  readonly formerOwners: readonly string[];
}

/** No activity: a session does not live on because its owner was silent. The offer gets a new id, so that it is the newest. */
function prepareWrite(database: Database): (change: Return) => Promise<unknown[]> {
  return database.prepareWrite('settle_lease', (p) =>
    statement(sql`
      with ${lockSession(p, 'lapsed')}, ${queueOffer}, returned as materialized (
        select id as session_id, namespace, lease_handoff_id as handoff_id, now, true as moves from queued
      ), moved as (
        update sessions set
          owner = ${p.owner},
          participants = ${p.participants}::text[],
          former_owners = ${p.formerOwners}::text[],
          epoch = sessions.epoch + 1,
          version = sessions.version + 1,
          updated_at = returned.now,
          ${noLease}
        from returned where sessions.id = returned.session_id
      ), cancelled as (
        ${cancelOffers(sql`returned`, sql`handoffs.handoff_id`)}
      ), offered as (
        update handoffs set id = default, status = 'pending', accepted_by = null, granted_epoch = null, lease_check_at = null
        from returned
        where handoffs.namespace = returned.namespace and handoffs.handoff_id = returned.handoff_id
          and handoffs.status = 'accepted'
      )
      select from returned`),
  );
}
