import { randomUUID } from 'node:crypto';
import type { Store } from '@org/domain';
import { redisUrl } from '@org/redis-connection/testing';
import { temporaryDatabase, type TemporaryDatabase } from '@org/store-kysely/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forkCached, type CachedProcess } from './fork-cached.js';
import { HuntedSession } from './hunted-session.js';

/** `HUNT_SECONDS=60 vitest run --project @org/cache-keyv staleness` is the long form. */
const seconds = Number(process.env['HUNT_SECONDS'] ?? 3);
const tables = ['sessions', 'context_history', 'handoffs'];
const random = (below: number): number => Math.floor(Math.random() * below);

describe('four processes, each with a cache, on one database and one Redis', () => {
  let database: TemporaryDatabase;
  let processes: CachedProcess[];
  let sessions: HuntedSession[];
  let faults: string[];
  let counts: Record<string, number>;

  beforeEach(async () => {
    [faults, counts] = [[], {}];
    database = await temporaryDatabase();
    const deployment = `test-${randomUUID()}`;
    processes = Array.from({ length: 4 }, () => forkCached(database.url, redisUrl, deployment));
    sessions = Array.from({ length: 12 }, (_, index) => new HuntedSession(`session-${index}`));
    for (const session of sessions) await session.create(anyStore());
  }, 60_000);
  afterEach(async () => {
    await Promise.all(processes.map((process) => process.end()));
    await database.drop();
  });

  const anyStore = (): Store => (processes[random(processes.length)] as CachedProcess).store;

  /** One writer, and readers that read all the time. */
  async function hunt(session: HuntedSession, untilMs: number): Promise<void> {
    const written = new AbortController();
    const readers = Array.from({ length: 3 }, async () => {
      do {
        const isBriefing = random(3) === 0;
        const fault = isBriefing ? await session.brief(anyStore()) : await session.read(anyStore());
        count(isBriefing ? 'briefings' : 'reads');
        if (fault !== undefined) faults.push(fault);
      } while (!written.signal.aborted);
    });
    try {
      while (performance.now() < untilMs) await write(session);
    } finally {
      written.abort();
      await Promise.all(readers);
    }
  }

  async function write(session: HuntedSession): Promise<void> {
    const dice = random(100);
    if (dice < 3) {
      await session.remake(anyStore(), anyStore());
      count('remade');
    } else if (dice < 10) {
      await session.handOver(anyStore(), anyStore());
      count('handoffs');
    } else {
      await session.append(anyStore());
      count('appends');
    }
  }

  const count = (what: string, times = 1): void => void (counts[what] = (counts[what] ?? 0) + times);
  const huntAll = (shareOfTime: number): Promise<unknown> =>
    Promise.all(sessions.map((session) => hunt(session, performance.now() + seconds * 1000 * shareOfTime)));

  it(
    `read nothing stale, torn or foreign for ${seconds} s, a restore of an older dump included`,
    async () => {
      await huntAll(0.3);
      for (const session of sessions) session.dump();
      for (const table of tables) await database.query(`create table dumped_${table} as table ${table}`);
      await huntAll(0.3);
      await database.query(`truncate ${tables.join()} cascade`);
      for (const table of tables) {
        const columns = table === 'context_history' ? '' : 'overriding system value';
        await database.query(`insert into ${table} ${columns} table dumped_${table}`);
      }
      for (const session of sessions) if (session.restore()) count('restored');
      await huntAll(0.4);
      const lookups = await Promise.all(processes.map((process) => process.lookups()));
      for (const { hits, foundInRedis } of lookups) {
        count('hits', hits);
        count('foundInRedis', foundInRedis);
      }
      // Long runs show it with their result.
      expect({ faults, counts }).toMatchObject({ faults: [] });
      for (const what of ['appends', 'reads', 'briefings', 'remade', 'handoffs', 'restored', 'foundInRedis'])
        expect(counts[what], what).toBeGreaterThan(0);
      expect(counts['hits']).toBeGreaterThan(100);
      if (process.env['HUNT_SECONDS'] !== undefined) process.stdout.write(`${JSON.stringify(counts)}\n`);
    },
    60_000 + seconds * 2000,
  );
});
