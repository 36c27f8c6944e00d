import type { Scrape } from '@org/telemetry-otel/testing';

/** What the server measured between two looks. */
export interface ServerSummary {
  /** By tool. */
  readonly calls: Readonly<Record<string, number>>;
  readonly statements: number;
  readonly averageStatementMs?: number | undefined;
  /** Absent if no call used a cache. */
  readonly cacheHitRatio?: number | undefined;
}

export function summariseServer(before: Scrape, after: Scrape): ServerSummary {
  const grown = (name: string, labels?: Record<string, string>): number =>
    after.sum(name, labels) - before.sum(name, labels);
  const statements = grown('db_query_time_seconds_count');
  const [hits, misses] = [grown('cache_hits_total'), grown('cache_misses_total')];
  const counters = after.samples.filter(({ name }) => name === 'tool_duration_ms_count');
  const tools = new Set(counters.map(({ labels }) => labels['tool'] ?? ''));
  return {
    calls: Object.fromEntries([...tools].map((tool) => [tool, grown('tool_duration_ms_count', { tool })])),
    statements,
    ...(statements > 0 && { averageStatementMs: (1000 * grown('db_query_time_seconds_sum')) / statements }),
    ...(hits + misses > 0 && { cacheHitRatio: hits / (hits + misses) }),
  };
}
