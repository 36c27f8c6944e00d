import type { Scrape } from '@org/telemetry-otel/testing';

/** A percentile as a histogram of buckets knows it: somewhere in a bucket. */
export interface BucketedMs {
  /** Where it is when the bucket is filled evenly. */
  readonly ms: number;
  readonly aboveMs: number;
  /** Infinity in the last bucket. */
  readonly atMostMs: number;
}

export interface ServerTool {
  readonly calls: number;
  readonly p50: BucketedMs;
  readonly p95: BucketedMs;
  readonly p99: BucketedMs;
}

/** What the server measured between two looks. */
export interface ServerSummary {
  readonly tools: Readonly<Record<string, ServerTool>>;
  /** Statements, and how long one took on average. */
  readonly statements: number;
  readonly averageStatementMs?: number | undefined;
  /** Absent: no cache was asked. */
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

/** How many calls took at most so long; by rising bounds, the last of which is infinite. */
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

/** Undefined: there was no call. */
export function summariseBuckets(buckets: readonly Bucket[]): ServerTool | undefined {
  const calls = buckets.at(-1)?.calls ?? 0;
  if (calls === 0) return undefined;
  const at = (share: number): BucketedMs => bucketAt(buckets, share * calls);
  return { calls, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

function bucketAt(buckets: readonly Bucket[], rank: number): BucketedMs {
  const index = buckets.findIndex(({ calls }) => calls >= rank);
  const below = buckets[index - 1] ?? { atMostMs: 0, calls: 0 };
  const { atMostMs, calls } = buckets[index] ?? below;
  const inside = (rank - below.calls) / (calls - below.calls);
  const ms = atMostMs === Infinity ? below.atMostMs : below.atMostMs + inside * (atMostMs - below.atMostMs);
  return { ms, aboveMs: below.atMostMs, atMostMs };
}
