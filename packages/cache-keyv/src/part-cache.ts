import type { Telemetry } from '@org/domain';
import { LRUCache } from 'lru-cache';
import { bytesOf, type LogPart } from './log-part.js';

/** A part of a log that is wanted. */
export interface WantedPart {
  readonly key: string;
  /** Whether what was found under the key is what is wanted. */
  readonly isFitting: (part: LogPart) => boolean;
}

/** Reads parts from the database; one that is not there any more is undefined. */
export type LoadParts<Wanted> = (wanted: readonly Wanted[]) => Promise<readonly (LogPart | undefined)[]>;

/** Finds parts of logs by keys that never mean anything else. */
export interface PartCache {
  /** How many entries are a page. */
  readonly pageSize: number;
  /** In the order asked for. Parts that are asked for by several at once are loaded once. */
  readonly find: <Wanted extends WantedPart>(
    wanted: readonly Wanted[],
    load: LoadParts<Wanted>,
  ) => Promise<readonly (LogPart | undefined)[]>;
}

export interface PartCacheOptions extends Pick<PartCache, 'pageSize'> {
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly telemetry: Telemetry;
}

/** No part may take more than this share of the memory: one giant would drive out what many need. */
const largestShare = 1 / 32;

export function createPartCache({ pageSize, maxBytes, ttlMs, telemetry }: PartCacheOptions): PartCache {
  const memory = new LRUCache<string, LogPart>({
    maxSize: maxBytes,
    maxEntrySize: Math.ceil(maxBytes * largestShare),
    sizeCalculation: bytesOf,
    ttl: ttlMs,
    ttlResolution: 1000,
  });
  const underWay = new Map<string, Promise<LogPart | undefined>>();

  function begin<Wanted extends WantedPart>(wanted: readonly Wanted[], load: LoadParts<Wanted>): void {
    const loading = load(wanted);
    for (const [index, { key }] of wanted.entries()) {
      const part = loading
        .then((parts) => {
          const loaded = parts[index];
          if (loaded !== undefined) memory.set(key, loaded);
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
      for (const part of found) telemetry.recordCacheLookup(part !== undefined);
      if (!found.includes(undefined)) return found;
      const missing = wanted.filter(({ key }, index) => found[index] === undefined && !underWay.has(key));
      if (missing.length > 0) begin(missing, load);
      return Promise.all(wanted.map(async ({ key }, index) => found[index] ?? underWay.get(key)));
    },
  };
}
