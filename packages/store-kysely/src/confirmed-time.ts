/**
 * What is stored for good on the word of the clock alone waits until a row that is at least this old was made after the
 * deadline. A clock that is ahead for a moment has no such row.
 */
export const confirmedAfterMs = 3_600_000;

/** How far back from the newest row to look for one that is old enough: the rows are found by their ids, one by one. */
export const probedDistances: readonly number[] = Array.from({ length: 13 }, (_, power) => 4 ** power - 1);
