import { operatorMoved, refuseOperator, tookOverFrom, type TakenOverSession, type TakeOverSession } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { db } from '../../connection/query-builder.js';
import { prepareTakeOwnership } from '../../leases/take-ownership.js';
import { prepareGetSession } from '../../rows/get-session.js';
import { sessionRecord } from '../../rows/session-row.js';
import type { Operation } from '../operation.js';

export function prepareTakeOverSession(connection: Connection): Operation<TakeOverSession, TakenOverSession> {
  const getSession = prepareGetSession(connection);
  const endLease = prepareEndLease(connection);
  const takeOwnership = prepareTakeOwnership(connection);

  return (request, nowMs) => {
    const { namespace, agent: to, reason } = request;
    const session = getSession(request, nowMs);
    const former = sessionRecord(session, nowMs);
    const refusal = refuseOperator(former, request);
    if (refusal !== undefined) throw refusal;
    const { lease_handoff_id: handoffId } = session;
    if (handoffId !== null) endLease({ namespace, handoffId, nowMs, reason: operatorMoved(to) });
    const taken = takeOwnership(session, { to, reason, handoffId: undefined }, nowMs);
    return { session: sessionRecord(taken, nowMs), tookOver: tookOverFrom(former) };
  };
}

interface EndedLease {
  readonly namespace: string;
  readonly handoffId: string;
  readonly nowMs: number;
  readonly reason: string;
}

/** Cancels the handoff on whose lease a session is held. */
function prepareEndLease(connection: Connection): (lease: EndedLease) => void {
  return connection.prepare((p: Placeholders<EndedLease>) =>
    db
      .updateTable('handoffs')
      .set({ status: sql.lit('cancelled'), resolved_at: p.nowMs, reason: p.reason, lease_check_at: null })
      .where('namespace', '=', p.namespace)
      .where('handoff_id', '=', p.handoffId),
  ).run;
}
