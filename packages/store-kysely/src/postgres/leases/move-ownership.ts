import { ownershipTypes, type Writers } from '@org/domain';
import { sql, type Expression, type RawBuilder } from 'kysely';
import { ownershipMoved } from '../../constants.js';
import type { SessionsTable } from '../schema/tables.js';
import { update } from '../statements/changes.js';

/** How a handoff changes its session. TypeScript decides it, and a statement writes it. */
export interface SessionChange extends Writers {
  /** Whether the ownership moves. A new epoch then fences other agents, and pending handoffs of ownership are cancelled. */
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

/** The columns of a session whose owner is new: it holds no lease, the last write of its owner is unknown, and no agent asks for it. */
export const newOwner = {
  ...noLease,
  owner_wrote_at: nothing,
  owner_last_sequence: nothing,
  take_over_handoff_id: nothing,
  take_over_by: nothing,
  take_over_at: nothing,
  take_over_until: nothing,
  taken_over_at: nothing,
  lapsed_handoff_id: nothing,
} satisfies Partial<Record<keyof SessionsTable, unknown>>;

type Column = keyof SessionsTable;
type Values<Name extends Column> = { readonly [Key in Name]: Expression<unknown> };

/** Sets columns of `sessions` where a condition holds. Elsewhere they keep their values. */
export const setWhere = <Name extends Column>(
  condition: Expression<unknown>,
  values: Values<Name>,
): { [Key in Name]: RawBuilder<unknown> } => {
  const set: Partial<Record<Column, RawBuilder<unknown>>> = {};
  for (const [column, value] of Object.entries<Expression<unknown>>(values)) {
    set[column as Column] = sql`case when ${condition} then ${value} else ${sql.ref(`sessions.${column}`)} end`;
  }
  return set as { [Key in Name]: RawBuilder<unknown> };
};

/** The condition that a request is of a type by which ownership moves. */
export const isOwnershipType = (requestType: Expression<unknown>): RawBuilder<boolean> =>
  sql`${requestType} in (${sql.join(ownershipTypes.map((type) => sql.lit(type)))})`;

/**
 * Cancels the session's pending handoffs of ownership if the ownership moves.
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
      where offer.session_id = ${row}.session_id and offer.status = 'pending' and ${isOwnershipType(sql`offer.request_type`)}
        and offer.expires_at > ${row}.now
      order by offer.expires_at offset 0
    ) as void
    where ${row}.moves and handoffs.id = void.id and handoffs.handoff_id <> ${row}.handoff_id
      and handoffs.status = void.status`;
};
