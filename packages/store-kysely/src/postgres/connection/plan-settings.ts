/**
 * How the server plans the statements that it keeps prepared, as settings of a connection: each once, and never by reading
 * a table from end to end.
 *
 * Left to itself it would plan some of them for every run, which takes longer than the run: it guesses the length of an
 * array, or a limit, too high, and so prefers what it makes of the real one, although that is the same plan. And a plan
 * that it made while a table was small is kept when the table has grown.
 */
export const planSettings: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
};
