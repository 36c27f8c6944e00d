import type { Ownership } from '@org/domain';
import { sql, type RawBuilder } from 'kysely';
import { ownershipMoved } from '../../constants.js';

/** How a handoff changes its session. TypeScript decides it, and a statement writes it. */
export interface SessionChange extends Pick<Ownership, 'owner' | 'participants' | 'formerOwners'> {
  /** Whether the ownership moves. A new epoch then fences other agents, and pending offers of ownership are cancelled. */
  readonly moves: boolean;
  /** Whether anything changes apart from the time of the last activity. */
  readonly changes: boolean;
}

/** Assignments for `update sessions` that end the lease. */
export const noLease: RawBuilder<unknown> = sql`
  lease_handoff_id = null, lease_returns_to = null, lease_ms = null, lease_expires_at = null`;

/**
 * Cancels the session's pending offers of ownership if the ownership moves. `moved` is a row with the columns `session_id`,
 * `handoff_id` (the handoff by which it moves), `now` and `moves`.
 *
 * @param identity the column of `handoffs` that `moved.handoff_id` is a value of
 */
export const cancelOffers = (
  moved: RawBuilder<unknown>,
  identity: RawBuilder<unknown> = sql`handoffs.id`,
): RawBuilder<unknown> => sql`
  update handoffs set status = 'cancelled', resolved_at = ${moved}.now, reason = ${sql.lit(ownershipMoved)}
  from ${moved} cross join lateral (
    -- In the order of the index of a session's offers. Planned while no offer is pending, the statement would otherwise
    -- look through all that are pending later.
    select id, status from handoffs as offer
    where offer.session_id = ${moved}.session_id and offer.status = 'pending' and offer.request_type = 'full_handoff'
      and offer.expires_at > ${moved}.now
    order by offer.expires_at offset 0
  ) as void
  where ${moved}.moves and handoffs.id = void.id and ${identity} <> ${moved}.handoff_id and handoffs.status = void.status`;
