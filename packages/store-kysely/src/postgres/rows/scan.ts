import { sql, type RawBuilder } from 'kysely';

/**
 * The place of a row in lists, which is its id. Only the indexes of lists contain this expression. If a statement sorted
 * by the plain id, the planner would scan the primary key instead, and so the rows of all namespaces.
 */
export const place: RawBuilder<number> = sql`(id + 0)`;
