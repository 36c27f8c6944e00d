import type { Ownership } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { ownershipMoved } from '../../constants.js';
import type { SessionsTable } from '../schema/tables.js';
import { update } from '../statements/changes.js';

/** How a handoff changes its session. TypeScript decides it, and a statement writes it. */
export interface SessionChange extends Pick<Ownership, 'owner' | 'participants' | 'formerOwners'> {
  /** Whether the ownership moves. A new epoch then fences other agents, and pending offers of ownership are cancelled. */
  readonly moves: boolean;
  /** Whether anything changes apart from the time of the last activity. */
  readonly changes: boolean;
}

const nothing = sql.lit(null);
/** The columns of a session without a lease. */
export const noLease = {
  lease_handoff_id: nothing,
  lease_returns_to: nothing,
  lease_ms: nothing,
  lease_expires_at: nothing,
} satisfies Partial<Record<keyof SessionsTable, unknown>>;

/**
 * Cancels the session's pending offers of ownership if the ownership moves.
 *
 * The offers come in the order of the index of a session's offers. If the statement was planned while no offer was
 * pending, it would otherwise look through all offers that are pending later.
 *
 * @param moved the name of a row with the columns `session_id`, `handoff_id` (of the handoff by which it moves), `now`
 *   and `moves`
 */
export const cancelOffers = (moved: string): RawBuilder<unknown> => {
  const row = sql.id(moved);
  const cancelled = { status: sql.lit('cancelled'), resolved_at: sql`${row}.now`, reason: sql.lit(ownershipMoved) };
  return sql`
    ${update('handoffs', cancelled)}
    from ${row} cross join lateral (
      select id, status from handoffs as offer
      where offer.session_id = ${row}.session_id and offer.status = 'pending' and offer.request_type = 'full_handoff'
        and offer.expires_at > ${row}.now
      order by offer.expires_at offset 0
    ) as void
    where ${row}.moves and handoffs.id = void.id and handoffs.handoff_id <> ${row}.handoff_id
      and handoffs.status = void.status`;
};
