import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { preparedOnce } from '../../connection/prepared-once.js';
import { db } from '../../connection/query-builder.js';
import { prepareTakePlace } from '../../rows/last-place.js';
import type { SessionRow } from '../../rows/session-row.js';

/**
 * Moves the pending offers of a session to its project. They get new places, so that lists of the project show them. Also
 * moves the handoff on whose lease the owner holds the session: after a lapse it is pending again.
 */
export const prepareMoveOffers: (connection: Connection) => (session: SessionRow, nowMs: number) => void = preparedOnce(
  (connection) => {
    const takePlace = prepareTakePlace(connection);
    const findPending = prepareFindPending(connection);
    const moveOffer = prepareMoveOffer(connection);
    const moveLeased = prepareMoveLeased(connection);

    return ({ id: sessionRowId, namespace, project, lease_handoff_id: handoffId }, nowMs) => {
      for (const offer of findPending({ sessionRowId, nowMs })) {
        moveOffer({ handoffRowId: offer.id, place: takePlace(), project });
      }
      if (handoffId !== null) moveLeased({ namespace, handoffId, project });
    };
  },
);

function prepareFindPending(
  connection: Connection,
): (args: { sessionRowId: number; nowMs: number }) => readonly { readonly id: number }[] {
  return connection.prepare((p: Placeholders<{ sessionRowId: number; nowMs: number }>) =>
    db
      .selectFrom('handoffs')
      .select('id')
      .where('session_id', '=', p.sessionRowId)
      .where('status', '=', sql.lit('pending'))
      .where('expires_at', '>', p.nowMs)
      .orderBy('id'),
  ).all;
}

interface MovedOffer {
  readonly handoffRowId: number;
  readonly place: number;
  readonly project: string | null;
}

function prepareMoveOffer(connection: Connection): (args: MovedOffer) => void {
  return connection.prepare((p: Placeholders<MovedOffer>) =>
    db.updateTable('handoffs').set({ id: p.place, project: p.project }).where('id', '=', p.handoffRowId),
  ).run;
}

interface LeasedHandoff {
  readonly namespace: string;
  readonly handoffId: string;
  readonly project: string | null;
}

function prepareMoveLeased(connection: Connection): (args: LeasedHandoff) => void {
  return connection.prepare((p: Placeholders<LeasedHandoff>) =>
    db
      .updateTable('handoffs')
      .set({ project: p.project })
      .where('namespace', '=', p.namespace)
      .where('handoff_id', '=', p.handoffId),
  ).run;
}
