import { sql, type RawBuilder } from 'kysely';

/**
 * The place of a row in lists, which is its id. Said so, it is in the indexes of lists alone: given the order of ids, the
 * planner would rather walk over the primary key, and so over everybody's rows, in the hope of soon meeting enough that
 * match.
 */
export const place: RawBuilder<number> = sql`(id + 0)`;
