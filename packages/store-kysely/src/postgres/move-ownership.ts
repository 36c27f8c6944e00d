import { sql, type RawBuilder } from 'kysely';

/** What a handoff does to its session. Decided in JavaScript, written by a statement. */
export interface SessionChange {
  readonly owner: string;
  readonly participants: readonly string[];
  /** Ownership moves: a new epoch fences everyone else out, and the offers by which it could move once more are void. */
  readonly moves: boolean;
  /** Something of it changes besides the time of the last activity. */
  readonly changes: boolean;
}

/** Makes an agent the owner. */
export const moveOwnership = (owner: string, participants: readonly string[]): SessionChange => ({
  owner,
  participants: participants.filter((participant) => participant !== owner),
  moves: true,
  changes: true,
});

/**
 * Cancels the session's pending offers of ownership, if it moves. `moved` is a row that holds the session's id, the id of
 * the handoff by which it moves, the moment, and whether it does.
 */
export const cancelOffers = (moved: RawBuilder<unknown>): RawBuilder<unknown> => sql`
  update handoffs set status = 'cancelled', resolved_at = ${moved}.now, reason = 'ownership moved'
  from ${moved}
  where ${moved}.moves and handoffs.session_id = ${moved}.session_id and handoffs.id <> ${moved}.handoff_id
    and handoffs.status = 'pending' and handoffs.request_type = 'full_handoff' and handoffs.expires_at > ${moved}.now`;
