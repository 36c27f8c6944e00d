/**
 * How the server plans the statements that it keeps prepared, as settings of a connection: each once, and never by reading
 * a table from end to end.
 *
 * By default the server plans some statements for every run, which takes longer than the run. It overestimates the length
 * of arrays and limits, and so prefers a plan for the real values, although that is the same plan. By default it also scans
 * tables that are small, and keeps such a plan after the table has grown.
 */
export const planSettings: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
};
