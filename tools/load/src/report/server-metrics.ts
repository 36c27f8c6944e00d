import type { Scrape } from '@org/telemetry-otel/testing';

/** Milliseconds, interpolated within the buckets of a histogram. */
export interface ServerTool {
  readonly calls: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** What the server measured between two looks. */
export interface ServerSummary {
  readonly tools: Readonly<Record<string, ServerTool>>;
  readonly statements: number;
  readonly averageStatementMs?: number | undefined;
  /** Absent if no call used a cache. */
  readonly cacheHitRatio?: number | undefined;
}

export function summariseServer(before: Scrape, after: Scrape): ServerSummary {
  const grown = (name: string): number => after.sum(name) - before.sum(name);
  const statements = grown('db_query_time_seconds_count');
  const [hits, misses] = [grown('cache_hits_total'), grown('cache_misses_total')];
  const names = new Set(after.samples.filter(isToolBucket).map(({ labels }) => labels['tool'] ?? ''));
  const tools = [...names].flatMap((tool): [string, ServerTool][] => {
    const summary = summariseBuckets(growthOfBuckets(before, after, tool));
    return summary === undefined ? [] : [[tool, summary]];
  });
  return {
    tools: Object.fromEntries(tools),
    statements,
    ...(statements > 0 && { averageStatementMs: (1000 * grown('db_query_time_seconds_sum')) / statements }),
    ...(hits + misses > 0 && { cacheHitRatio: hits / (hits + misses) }),
  };
}

const isToolBucket = ({ name }: { readonly name: string }): boolean => name === 'tool_duration_ms_bucket';

/** How many calls took at most this long. The last bucket is infinite. */
export interface Bucket {
  readonly atMostMs: number;
  readonly calls: number;
}

function growthOfBuckets(before: Scrape, after: Scrape, tool: string): Bucket[] {
  const bounds = new Set(after.samples.filter(isToolBucket).map(({ labels }) => labels['le'] ?? ''));
  return [...bounds]
    .map((le) => {
      const labels = { tool, le };
      const calls = after.sum('tool_duration_ms_bucket', labels) - before.sum('tool_duration_ms_bucket', labels);
      return { atMostMs: le === '+Inf' ? Infinity : Number(le), calls };
    })
    .toSorted((a, b) => a.atMostMs - b.atMostMs);
}

/** Returns undefined if there was no call. @param buckets by rising bounds */
export function summariseBuckets(buckets: readonly Bucket[]): ServerTool | undefined {
  const calls = buckets.at(-1)?.calls ?? 0;
  if (calls === 0) return undefined;
  const at = (share: number): number => percentileAt(buckets, share * calls);
  return { calls, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function percentileAt(buckets: readonly Bucket[], rank: number): number {
  const index = buckets.findIndex(({ calls }) => calls >= rank);
  const below = buckets[index - 1] ?? { atMostMs: 0, calls: 0 };
  const { atMostMs, calls } = buckets[index] ?? below;
  if (atMostMs === Infinity) return below.atMostMs;
  return below.atMostMs + ((rank - below.calls) / (calls - below.calls)) * (atMostMs - below.atMostMs);
}
