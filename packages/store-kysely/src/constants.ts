/** Maximum number of rows that a page of a list examines. It bounds the cost of a page, which may therefore be short. */
export const scanWidth = 1000;

/** How long the answer of a mutation stays recorded under its idempotency key. The port promises one day. */
export const answersKeptHours = 48;

/** How many outdated idempotency keys each new key deletes. It is more than one, so that the table can shrink. */
export const keysSweptAtOnce = 4;

/** Sorts after every character that a session key can hold. Both engines compare session keys by their bytes. */
export const afterEveryKey = '\u{10ffff}';

/** The reason that is stored with offers that were cancelled because the ownership of their session moved. */
export const ownershipMoved = 'ownership moved';

/**
 * The age of a row that confirms a deadline, in milliseconds. The clock alone does not decide that an offer is stored
 * as expired, or a key is deleted: a row of this age must have been created after the deadline. There is no such row
 * while a clock is ahead for a short time.
 */
export const confirmedAfterMs = 3_600_000;

/** Distances from the newest row's id at which to look for a row that is old enough. Each is one look-up. */
export const probedDistances: readonly number[] = Array.from({ length: 13 }, (_, power) => 4 ** power - 1);
