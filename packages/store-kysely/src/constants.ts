/** How many rows a page of a list examines at most. It bounds the cost of a page, which may therefore be short. */
export const scanWidth = 1000;

/** How long the answer of a mutation stays recorded under its idempotency key. The port promises one day. */
export const answersKeptHours = 48;

/** How many outdated idempotency keys each new key deletes. More than one lets the table shrink. */
export const keysSweptAtOnce = 4;

/** Sorts after every character that a session key can hold. Both engines compare session keys by their bytes. */
export const afterEveryKey = '\u{10ffff}';

/** The reason that is stored with offers that were cancelled because the ownership of their session moved. */
export const ownershipMoved = 'ownership moved';

/**
 * The clock alone does not decide what is stored for good. It takes a row that was created after the deadline and is at
 * least this old: while a clock is ahead for a short time, no such row exists.
 */
export const confirmedAfterMs = 3_600_000;

/** How far back from the newest row to look for a row that is old enough. The ids of rows are probed one by one. */
export const probedDistances: readonly number[] = Array.from({ length: 13 }, (_, power) => 4 ** power - 1);
