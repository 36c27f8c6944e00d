import { moveOwnership } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { prepareTakePlace } from '../rows/last-place.js';
import { prepareMoveOwnership } from './move-ownership.js';
import { preparedOnce } from '../connection/prepared-once.js';
import { db } from '../connection/query-builder.js';
import { isLapsed, leaseOf, sessionRecord, type SessionRow } from '../rows/session-row.js';

/** Stores the lapse of a session's lease, and returns the new row. Returns the same row if the lease has not lapsed. */
export type SettleLease = (session: SessionRow, nowMs: number) => SessionRow;

/** Stores what `settledSession` and `settledHandoff` in the domain compute. */
export const prepareSettleLease: (connection: Connection) => SettleLease = preparedOnce((connection) => {
  const move = prepareMoveOwnership(connection);
  const takePlace = prepareTakePlace(connection);
  const offerAgain = prepareOfferAgain(connection);

  return (session, nowMs) => {
    const { namespace } = session;
    const lease = leaseOf(session);
    if (lease === undefined || !isLapsed(session, nowMs)) return session;
    const { handoffId, returnsTo, expiresAtMs: lapsedAtMs } = lease;
    const ownership = moveOwnership(sessionRecord(session, nowMs), returnsTo, { lapsedHandoffId: handoffId });
    const moved = move(session, ownership, lapsedAtMs);
    offerAgain({ namespace, handoffId, place: takePlace(), last: session.last_sequence, lapsedAtMs });
    return moved;
  };
});

interface OfferAgain {
  readonly namespace: string;
  readonly handoffId: string;
  readonly place: number;
  /** The log's newest entry. */
  readonly last: number;
  readonly lapsedAtMs: number;
}

/** Makes the offer pending again, as the newest in the lists, so that agents that list only new offers see it. */
function prepareOfferAgain(connection: Connection): (args: OfferAgain) => void {
  return connection.prepare((p: Placeholders<OfferAgain>) =>
    db
      .updateTable('handoffs')
      .set({
        id: p.place,
        status: 'pending',
        accepted_by: null,
        claimant: null,
        granted_epoch: null,
        lease_check_at: null,
        upto_sequence: p.last,
        expires_at: sql<number>`case when expires_at > ${p.lapsedAtMs} then expires_at else ${p.lapsedAtMs} + expires_at - created_at end`,
      })
      .where('namespace', '=', p.namespace)
      .where('handoff_id', '=', p.handoffId),
  ).run;
}
