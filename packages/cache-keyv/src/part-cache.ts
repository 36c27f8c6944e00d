import type { Telemetry } from '@org/domain';
import { LRUCache } from 'lru-cache';
import { bytesOf, decodePart, encodePart, type LogPart } from './log-part.js';
import type { SharedLevel } from './shared-level.js';
import { SharedLoad } from './shared-load.js';

/** A part of a log that is wanted. */
export interface WantedPart {
  readonly key: string;
  /** Whether what was found under the key is what is wanted. */
  readonly isFitting: (part: LogPart) => boolean;
}

/** Parts in the order asked for; one that is not there any more is undefined. */
export type FoundParts = readonly (LogPart | undefined)[];

/** Reads parts from the database. The signal says that nobody needs them any more. */
export type LoadParts<Wanted> = (wanted: readonly Wanted[], signal: AbortSignal) => Promise<FoundParts>;

/** Finds parts of logs by keys that never mean anything else. */
export interface PartCache {
  /** How many entries are a page. */
  readonly pageSize: number;
  /** Parts that are asked for by several at once are loaded once, and not given up before all of these have aborted. */
  readonly find: <Wanted extends WantedPart>(
    wanted: readonly Wanted[],
    load: LoadParts<Wanted>,
    signal?: AbortSignal,
  ) => Promise<FoundParts>;
  /** It must not be asked any more. */
  readonly close: () => void;
}

/** What came of looking for a part that is not in memory. */
interface Lookup {
  readonly part: LogPart | undefined;
  /** Whether another process had found it already. */
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
  /** What other processes have found already. */
  readonly shared: SharedLevel | undefined;
}

/** No part may take more than this share of the memory: one giant would drive out what many need. */
const largestShare = 1 / 32;
/** Nothing larger is sent to Redis, where one value keeps all others waiting. */
const largestSharedBytes = 512 * 1024;
/** What a briefing adds up is of use until the next page is full, which is soon where briefings are asked for. */
const totalsTtlMs = 300_000;
/** What nobody looks for any more is forgotten so long after its time, at most. */
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
          // Others may have begun anew.
          if (underWay.get(key)?.load === shared) underWay.delete(key);
        });
      // Whoever waits for it hears of a failure; nobody may be left that does.
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
    close: () => clearInterval(purging),
  };
}

const ttlOf = ({ totals }: LogPart, ttlMs: number): number =>
  totals === undefined ? ttlMs : Math.min(ttlMs, totalsTtlMs);

/** Asks for other processes' findings first, and adds to them. */
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
