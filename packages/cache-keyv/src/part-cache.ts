import type { Telemetry } from '@org/domain';
import { LRUCache } from 'lru-cache';
import { bytesOf, decodePart, encodePart, type LogPart } from './log-part.js';
import type { SharedLevel } from './shared-level.js';

/** A part of a log that is wanted. */
export interface WantedPart {
  readonly key: string;
  /** Whether what was found under the key is what is wanted. */
  readonly isFitting: (part: LogPart) => boolean;
}

/** Parts in the order asked for; one that is not there any more is undefined. */
export type FoundParts = readonly (LogPart | undefined)[];

/** Reads parts from the database. */
export type LoadParts<Wanted> = (wanted: readonly Wanted[]) => Promise<FoundParts>;

/** Finds parts of logs by keys that never mean anything else. */
export interface PartCache {
  /** How many entries are a page. */
  readonly pageSize: number;
  /** Parts that are asked for by several at once are loaded once. */
  readonly find: <Wanted extends WantedPart>(wanted: readonly Wanted[], load: LoadParts<Wanted>) => Promise<FoundParts>;
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
/** Totals are of use until the next page is full, which is soon where they are asked for. */
const totalsTtlMs = 300_000;

export function createPartCache(options: PartCacheOptions): PartCache {
  const { pageSize, maxBytes, ttlMs, telemetry } = options;
  const memory = new LRUCache<string, LogPart>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes * largestShare),
    sizeCalculation: bytesOf,
    ttl: ttlMs,
    ttlResolution: 1000,
  });
  const underWay = new Map<string, Promise<LogPart | undefined>>();

  function begin<Wanted extends WantedPart>(wanted: readonly Wanted[], load: LoadParts<Wanted>): void {
    const loading = loadThrough(options, wanted, load);
    for (const [index, { key }] of wanted.entries()) {
      const part = loading
        .then((parts) => {
          const loaded = parts[index];
          if (loaded !== undefined) memory.set(key, loaded, { ttl: ttlOf(loaded, ttlMs) });
          return loaded;
        })
        .finally(() => underWay.delete(key));
      // Whoever waits for it hears of a failure; nobody may be left that does.
      part.catch(() => undefined);
      underWay.set(key, part);
    }
  }

  return {
    pageSize,
    find: async (wanted, load) => {
      const found = wanted.map(({ key }) => memory.get(key));
      for (const part of found) if (part !== undefined) telemetry.recordCacheLookup(true);
      if (!found.includes(undefined)) return found;
      const missing = wanted.filter(({ key }, index) => found[index] === undefined && !underWay.has(key));
      if (missing.length > 0) begin(missing, load);
      return Promise.all(wanted.map(async ({ key }, index) => found[index] ?? underWay.get(key)));
    },
  };
}

const ttlOf = ({ totals }: LogPart, ttlMs: number): number =>
  totals === undefined ? ttlMs : Math.min(ttlMs, totalsTtlMs);

/** Asks for other processes' findings first, and adds to them. */
async function loadThrough<Wanted extends WantedPart>(
  { shared, telemetry, ttlMs }: PartCacheOptions,
  wanted: readonly Wanted[],
  load: LoadParts<Wanted>,
): Promise<FoundParts> {
  const texts = (await shared?.find(wanted.map(({ key }) => key))) ?? [];
  const parts = wanted.map(({ isFitting }, index) => {
    const part = decodePart(texts[index] ?? '');
    return part !== undefined && isFitting(part) ? part : undefined;
  });
  for (const part of parts) telemetry.recordCacheLookup(part !== undefined);
  const missing = wanted.filter((_, index) => parts[index] === undefined);
  if (missing.length === 0) return parts;
  const loaded = await load(missing);
  const byKey = new Map(missing.map(({ key }, index) => [key, loaded[index]]));
  for (const [key, part] of byKey) {
    if (part === undefined || shared === undefined || bytesOf(part) > largestSharedBytes) continue;
    shared.keep(key, encodePart(part), ttlOf(part, ttlMs));
  }
  return wanted.map(({ key }, index) => parts[index] ?? byKey.get(key));
}
