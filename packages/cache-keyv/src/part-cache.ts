import type { Telemetry } from '@org/domain';
import { LRUCache } from 'lru-cache';
import { bytesOf, decodePart, encodePart, type LogPart, type TailPart } from './log-part.js';
import type { SharedLevel } from './shared-level.js';
import { SharedLoad } from './shared-load.js';

/** A part to look up. */
export interface WantedPart {
  readonly key: string;
  /** Returns true if the part that was found under the key is the wanted one. */
  readonly isFitting: (part: LogPart) => boolean;
}

/** Parts in the order of the request. A part that does not exist any more is undefined. */
export type FoundParts = readonly (LogPart | undefined)[];

/** Reads parts from the database. The signal aborts when no call waits for them any more. */
export type LoadParts<Wanted> = (wanted: readonly Wanted[], signal: AbortSignal) => Promise<FoundParts>;

/** Finds parts of logs. A key never means another part. */
export interface PartCache {
  /** Entries of a page. */
  readonly pageSize: number;
  /** Calls that want the same part at once share one load of it, which is aborted when all of them have aborted. */
  readonly find: <Wanted extends WantedPart>(
    wanted: readonly Wanted[],
    load: LoadParts<Wanted>,
    signal?: AbortSignal,
  ) => Promise<FoundParts>;
  /** Returns what a read remembered under a key of `tailKey`. It may be outdated. */
  readonly recall: (key: string) => TailPart | undefined;
  /** Replaces what is remembered under a key of `tailKey`. */
  readonly remember: (key: string, tail: TailPart) => void;
  /** Callers must not use the cache afterwards. */
  readonly close: () => void;
}

/** The result of a look-up outside this process's memory. */
interface Lookup {
  readonly part: LogPart | undefined;
  /** True if another process has shared the part. */
  readonly isHit: boolean;
}

interface PartUnderWay {
  readonly load: SharedLoad<readonly Lookup[]>;
  readonly lookup: Promise<Lookup | undefined>;
}

export interface PartCacheOptions extends Pick<PartCache, 'pageSize'> {
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly telemetry: Telemetry;
  /** Parts that other processes have shared. */
  readonly shared: SharedLevel | undefined;
}

/** The largest share of the memory that one part takes. A larger part would evict many that are used more. */
const largestShare = 1 / 32;
/** Larger parts are not sent to Redis, which serves no other command meanwhile. */
const largestSharedBytes = 512 * 1024;
/** Totals are used until the next page is full, which is soon in sessions that ask for briefings. */
const totalsTtlMs = 300_000;
/** The longest interval between two purges of expired parts, which no look-up removes. */
const longestPurgeIntervalMs = 60_000;

export function createPartCache(options: PartCacheOptions): PartCache {
  const { pageSize, maxBytes, ttlMs, telemetry } = options;
  const memory = new LRUCache<string, LogPart>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes * largestShare),
    sizeCalculation: bytesOf,
    ttl: ttlMs,
    ttlResolution: 1000,
  });
  const purging = setInterval(() => memory.purgeStale(), Math.min(ttlMs, longestPurgeIntervalMs)).unref();
  const underWay = new Map<string, PartUnderWay>();

  function begin<Wanted extends WantedPart>(wanted: readonly Wanted[], load: LoadParts<Wanted>): void {
    const shared = new SharedLoad<readonly Lookup[]>(telemetry);
    const loading = shared.run((signal) => loadThrough(options, wanted, (missing) => load(missing, signal)));
    for (const [index, { key }] of wanted.entries()) {
      const lookup = loading
        .then((lookups) => {
          const part = lookups[index]?.part;
          if (part !== undefined) memory.set(key, part, { ttl: ttlOf(part, ttlMs) });
          return lookups[index];
        })
        .finally(() => {
          // A later load of the same part may have replaced this one.
          if (underWay.get(key)?.load === shared) underWay.delete(key);
        });
      // Calls that wait get the failure. If none is left, Node.js must not see an unhandled rejection.
      lookup.catch(() => undefined);
      underWay.set(key, { load: shared, lookup });
    }
  }

  async function joinLookup(key: string): Promise<LogPart | undefined> {
    const lookup = await underWay.get(key)?.lookup;
    telemetry.recordCacheLookup(lookup?.isHit === true);
    return lookup?.part;
  }

  return {
    pageSize,
    find: async (wanted, load, signal) => {
      const found = wanted.map(({ key }) => memory.get(key));
      for (const part of found) if (part !== undefined) telemetry.recordCacheLookup(true);
      const missing = wanted.filter((_, index) => found[index] === undefined);
      if (missing.length === 0) return found;
      const unasked = missing.filter(({ key }) => underWay.get(key)?.load.isJoinable !== true);
      if (unasked.length > 0) begin(unasked, load);
      const loads = new Set(missing.map(({ key }) => underWay.get(key)?.load));
      for (const each of loads) each?.join(signal);
      return Promise.all(wanted.map(async ({ key }, index) => found[index] ?? joinLookup(key)));
    },
    recall: (key) => memory.get(key) as TailPart | undefined,
    remember: (key, tail) => void memory.set(key, tail),
    close: () => clearInterval(purging),
  };
}

const ttlOf = ({ totals }: LogPart, ttlMs: number): number =>
  totals === undefined ? ttlMs : Math.min(ttlMs, totalsTtlMs);

/** Looks for parts that other processes have shared, loads the missing ones from the database, and shares these. */
async function loadThrough<Wanted extends WantedPart>(
  { shared, ttlMs }: PartCacheOptions,
  wanted: readonly Wanted[],
  load: (missing: readonly Wanted[]) => Promise<FoundParts>,
): Promise<readonly Lookup[]> {
  const texts = (await shared?.find(wanted.map(({ key }) => key))) ?? [];
  const parts = wanted.map(({ key, isFitting }, index) => {
    const part = decodePart(key, texts[index] ?? '');
    return part !== undefined && isFitting(part) ? part : undefined;
  });
  const missing = wanted.filter((_, index) => parts[index] === undefined);
  const loaded = missing.length === 0 ? [] : await load(missing);
  const byKey = new Map(missing.map(({ key }, index) => [key, loaded[index]]));
  for (const [key, part] of byKey) {
    if (part === undefined || shared === undefined || bytesOf(part) > largestSharedBytes) continue;
    shared.keep(key, encodePart(key, part), ttlOf(part, ttlMs));
  }
  return wanted.map(({ key }, index) => {
    const part = parts[index];
    return part === undefined ? { part: byKey.get(key), isHit: false } : { part, isHit: true };
  });
}
