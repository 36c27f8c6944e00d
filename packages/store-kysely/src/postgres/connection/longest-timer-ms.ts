/** The longest time that a timer of Node.js, or a timeout of PostgreSQL, can be set to. A longer timer fires at once. */
export const longestTimerMs: number = 2 ** 31 - 1;
