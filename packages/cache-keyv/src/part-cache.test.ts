import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { noTelemetry } from '@org/domain';
import { describe, expect, it } from 'vitest';
import { bytesOf, type KeptEntry, type LogPart } from './log-part.js';
import { createPartCache, type PartCache } from './part-cache.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('removes expired parts that no call looks up', async () => {
  const held: WeakRef<LogPart>[] = [];
  const options = { pageSize: 16, maxBytes: 1_000_000, telemetry: noTelemetry, shared: undefined };
  const caches = [20, 3_600_000].map((ttlMs) => createPartCache({ ...options, ttlMs }));
  for (const cache of caches) {
    await cache.find([{ key: 'page', isFitting: () => true }], async () => {
      const part = { entries: [] };
      held.push(new WeakRef(part));
      return [part];
    });
  }
  const isHeld = (): boolean[] => {
    collectGarbage();
    return held.map((each) => each.deref() !== undefined);
  };
  await expect.poll(isHeld, { timeout: 10_000 }).toEqual([false, true]);
  for (const cache of caches) cache.close();
});

describe('the memory of a cache', () => {
  const entry: KeptEntry = {
    sequence: 1,
    contextType: 'message',
    agent: 'planner',
    epoch: 1,
    pinned: false,
    createdAtMs: 1_700_000_000_000,
    contentBytes: 500,
    estimatedTokens: 100,
    contentCut: false,
    content: 'x'.repeat(500),
    metadata: '{}',
  };
  const page: LogPart = { entries: Array.from({ length: 16 }, () => entry) };
  const pages = 40;

  const open = (): PartCache =>
    createPartCache({
      pageSize: 16,
      maxBytes: pages * bytesOf(page),
      ttlMs: 60_000,
      telemetry: noTelemetry,
      shared: undefined,
    });

  /** @returns true if the part was in memory */
  async function look(cache: PartCache, key: string, part: LogPart): Promise<boolean> {
    let isHeld = true;
    await cache.find([{ key, isFitting: () => true }], async () => {
      isHeld = false;
      return [part];
    });
    return isHeld;
  }

  it('holds the parts that were used last, up to its limit', async () => {
    const cache = open();
    for (let number = 0; number < 3 * pages; number += 1) {
      await look(cache, `page ${number}`, page);
      expect(await look(cache, 'page 0', page)).toBe(true);
    }
    const held: boolean[] = [];
    for (let number = 3 * pages - 1; number > 0; number -= 1) held.push(await look(cache, `page ${number}`, page));
    expect(held.indexOf(false)).toBe(pages - 1);
    cache.close();
  });

  it('holds no part that would evict many others', async () => {
    const cache = open();
    const giant: LogPart = { entries: [...page.entries, { ...entry, content: 'x'.repeat(bytesOf(page)) }] };
    for (let time = 0; time < 2; time += 1) expect(await look(cache, 'giant', giant)).toBe(false);
    cache.close();
  });

  it.each<[string, Partial<KeptEntry>, number]>([
    ['content of one byte a character', { content: 'x'.repeat(1500), contentBytes: 1500 }, 1000],
    ['other content', { content: 'é'.repeat(500), contentBytes: 1000 }, 500],
    ['metadata', { metadata: JSON.stringify({ a: 'x'.repeat(92) }) }, 2 * 98],
    ['the name of its agent', { agent: 'planner'.padEnd(107, 's') }, 100],
  ])('counts %s', (_title, change, more) => {
    expect(bytesOf({ entries: [{ ...entry, ...change }] })).toBe(bytesOf({ entries: [entry] }) + more);
  });
});
