/**
 * Settings of a connection, with which the server plans each prepared statement once, and never by a sequential scan.
 *
 * By default the server plans some statements for every run, which takes longer than the run. It overestimates the length
 * of arrays and limits, and so prefers a plan for the real values, although that is the same plan. By default it also scans
 * tables that are small, and keeps such a plan after the table has grown.
 */
export const planSettings: Readonly<Record<string, string>> = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
};
