import type { ListHandoffs } from '@org/domain';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runEveryStatement } from './every-statement.js';
import { appended, expiring, faultsOf, filtered, type ExpectedPlan } from './expected-plans.js';
import type { ExplainedRun } from './explain-statements.js';
import { filled, fillDatabase, type Fill } from './fill-database.js';
import { openExplainedDatabase, type ExplainedDatabase } from './open-explained-database.js';
import { appendWork } from '../support/requests.js';

/** How many more pages a statement may touch in a long log, whose index is deeper. */
const growthInPages = 4;

/**
 * A statement sometimes meets a full page, or dead rows that vacuum could not remove because another connection might
 * still see them. So each statement is judged by the best of several rounds.
 */
const rounds = ['first', 'second', 'third', 'fourth', 'fifth'] as const;

const inbox = {
  namespace: filled.large,
  agent: filled.target,
  direction: 'inbox',
  roles: ['builder'],
  limit: 20,
} as const satisfies ListHandoffs;

/** Declares the tests of all plans, in a database with this content. */
export function describePlans(title: string, fill: Fill): void {
  describe(title, { timeout: 120_000 }, () => {
    let database: ExplainedDatabase;
    let sweeps: readonly ExplainedRun[];

    beforeAll(async () => {
      database = await openExplainedDatabase({ plan_cache_mode: 'force_generic_plan' });
      await fillDatabase(database.client, fill);
      sweeps = await sweepInbox(database);
    }, 120_000);
    afterAll(() => database.close());

    it('finds every row by the index that is meant for it', async () => {
      // Each run is judged by its best round, because dead rows may affect different statements in different rounds.
      const best: ExplainedRun[] = [];
      for (const round of rounds) {
        const runs = await everyStatement(database, filled.longLog, `every-${round}`);
        for (const [index, run] of runs.entries()) {
          const before = best[index];
          if (before === undefined || faultsOf(before).length > 0) best[index] = run;
        }
        if (best.every((run) => faultsOf(run).length === 0)) break;
      }
      expect([...new Set(best.map(({ name }) => name))].toSorted()).toEqual([...database.prepared].toSorted());
      expectPlans(best);
    });

    it('does the same for a batch of appends', async () => {
      const appends = Array.from({ length: 100 }, (_, index) =>
        appendWork('a', { namespace: filled.large, sessionKey: `session-${(index % 20) * 100 + 1}`, agent: 'agent-1' }),
      );
      const runs = await database.explained(({ appendEntry }) => Promise.all(appends.map(appendEntry)));
      expect(runs).toHaveLength(1);
      expectPlans(runs, appended(appends.length));
    });

    it('touches no more pages in a long log than in a short one', async () => {
      const [short, long] = [new Map<string, number>(), new Map<string, number>()];
      const grown = (): unknown[] =>
        [...long].filter(([name, pages]) => pages > (short.get(name) ?? Infinity) + growthInPages);
      for (const round of rounds) {
        await keepFewestPages(short, database, filled.shortLog, round);
        await keepFewestPages(long, database, filled.longLog, round);
        if (grown().length === 0) break;
      }
      expect([...long.keys()]).toEqual([...short.keys()]);
      expect(grown()).toEqual([]);
    });

    it('touches no more pages for a project beside many others than for one alone', async () => {
      const alone = await pagesOf(database, filled.alone);
      const shared = await pagesOf(database, filled.shared);
      expect([...shared.keys()]).toEqual([...alone.keys()]);
      expect([...shared].filter(([name, pages]) => pages > (alone.get(name) ?? 0) + growthInPages)).toEqual([]);
    });

    it('looks through one page of many projects', async () => {
      const runs = await database.explained(listAllProjects);
      expect(runs.map(({ name }) => name)).toEqual(['list_inbox', 'list_outbox', 'list_sessions', 'peek_inboxes']);
      // A page of an inbox looks through more offers than it shows, because some may have expired.
      for (const run of runs) expectPlans([run], run.name === 'list_inbox' ? filtered(run.name) : undefined);
    });

    it('looks at an offer that lapsed once', async () => {
      expect(sweeps.length).toBeGreaterThan(1);
      for (const run of sweeps) expectPlans([run], run.name === 'expire_offers' ? expiring : filtered(run.name));
      const runs = await database.explained(async ({ listHandoffs }) => {
        const { handoffs, more } = await listHandoffs({ ...inbox, status: 'pending' });
        expect(handoffs.map(({ handoffId }) => handoffId)).toContain('live-1');
        expect(more).toBe(false);
      });
      expectPlans(runs);
    });

    it('finds the few that are older than everything of others', async () => {
      expectPlans(await database.explained(listFew));
    });

    it('looks through one page of rows that do not match', async () => {
      const runs = await database.explained(listNothing);
      expect(runs).toHaveLength(5);
      for (const run of runs) expectPlans([run], filtered(run.name));
    });
  });
}

/** @param expected the expected plan of each run. Default: the expected plan of its statement */
function expectPlans(runs: readonly ExplainedRun[], expected?: ExpectedPlan): void {
  const faulty = runs.filter((run) => faultsOf(run, expected).length > 0);
  const faults = faulty.flatMap((run) => faultsOf(run, expected));
  expect(faults, faulty.map(({ text }) => text).join('\n\n')).toEqual([]);
}

/** Runs every statement after a vacuum, which removes the rows that earlier rounds have deleted. */
async function everyStatement(
  { client, explained }: ExplainedDatabase,
  sessionKey: string,
  name: string,
): Promise<readonly ExplainedRun[]> {
  await client.query('vacuum sessions, handoffs, idempotency_keys');
  return explained((operations) =>
    runEveryStatement(operations, { namespace: filled.large, sessionKey, owner: filled.requester, name }),
  );
}

/** Runs every statement on a session, and keeps the fewest pages that each has touched so far. */
async function keepFewestPages(
  fewest: Map<string, number>,
  database: ExplainedDatabase,
  sessionKey: string,
  round: string,
): Promise<void> {
  for (const run of await everyStatement(database, sessionKey, `${sessionKey}-${round}`)) {
    fewest.set(run.name, Math.min(run.pages, fewest.get(run.name) ?? Infinity));
  }
}

/** Lists the inbox to its end, stores that its offers have expired, and removes the dead rows. */
async function sweepInbox({ client, explained, expired }: ExplainedDatabase): Promise<readonly ExplainedRun[]> {
  const runs = await explained(async ({ listHandoffs, expireOffers }) => {
    let page = await listHandoffs({ ...inbox, status: 'pending' });
    for (; page.more; page = await listHandoffs({ ...inbox, status: 'pending', after: page.next })) {
      await expireOffers(expired.splice(0));
    }
    await expireOffers(expired.splice(0));
  });
  await client.query('vacuum handoffs');
  return runs;
}

/** Returns how many pages the lists of a project, and a look into its inbox, touch in a namespace. */
async function pagesOf(database: ExplainedDatabase, namespace: string): Promise<Map<string, number>> {
  const runs = await database.explained(({ listHandoffs, listSessions, peekInboxes }) =>
    listProject({ listHandoffs, listSessions, peekInboxes }, namespace),
  );
  expectPlans(runs);
  return new Map(runs.map(({ name, pages }, index) => [`${name} ${index}`, pages]));
}

type Lists = Pick<ExplainedDatabase['operations'], 'listHandoffs' | 'listSessions' | 'peekInboxes'>;

async function listProject({ listHandoffs, listSessions, peekInboxes }: Lists, namespace: string): Promise<void> {
  const projects = [filled.project, null];
  const list = { ...inbox, namespace, projects } as const;
  const pending = await listHandoffs({ ...list, status: 'pending' });
  expect(pending.handoffs.map(({ project }) => project)).toEqual([undefined, filled.project]);
  expect(pending.more).toBe(false);
  // What is stored as pending may have expired, so this list looks through it too.
  expect(await listHandoffs({ ...list, status: 'expired' })).toMatchObject({ handoffs: [], more: false });
  expect(await listHandoffs({ ...list, status: 'accepted' })).toMatchObject({ handoffs: [], more: false });
  const requested = await listHandoffs({ ...list, direction: 'outbox', agent: filled.requester });
  expect(requested.handoffs).toHaveLength(2);
  const { sessions } = await listSessions({ namespace, projects, limit: 20, dormantAfterMs: 1 });
  expect(sessions.map(({ project }) => project)).toEqual([filled.project, undefined]);
  expect((await listSessions({ namespace, projects, owner: 'unknown', limit: 20, dormantAfterMs: 1 })).next).toBe(
    undefined,
  );
  const agent = 'another';
  expect(await peekInboxes([{ namespace, agent, roles: [], projects, after: pending.next }])).toEqual([false]);
  expect(await peekInboxes([{ namespace, agent, roles: [], projects, after: 0 }])).toEqual([true]);
}

async function listAllProjects({ listHandoffs, listSessions, peekInboxes }: Lists): Promise<void> {
  const namespace = filled.shared;
  const list = { ...inbox, namespace, roles: [] } as const;
  const pending = await listHandoffs({ ...list, status: 'pending' });
  expect(pending.handoffs).toHaveLength(20);
  expect((await listHandoffs({ ...list, direction: 'outbox', agent: filled.requester })).handoffs).toHaveLength(20);
  expect((await listSessions({ namespace, limit: 20, dormantAfterMs: 1 })).sessions).toHaveLength(20);
  expect(await peekInboxes([{ namespace, agent: 'another', roles: [], after: pending.next }])).toEqual([true]);
}

async function listFew({ listSessions, listHandoffs }: ExplainedDatabase['operations']): Promise<void> {
  const sessions = { namespace: filled.old, limit: 20, dormantAfterMs: 1 };
  expect((await listSessions(sessions)).sessions).toHaveLength(5);
  expect((await listSessions({ ...sessions, owner: 'agent-3' })).sessions).toHaveLength(1);
  const handoffs = { ...inbox, namespace: filled.old, agent: 'archivist' } as const;
  expect((await listHandoffs(handoffs)).handoffs).toHaveLength(5);
  expect((await listHandoffs({ ...handoffs, status: 'pending' })).handoffs).toHaveLength(5);
  expect((await listHandoffs({ ...handoffs, status: 'expired' })).handoffs).toHaveLength(0);
  await listHandoffs({ ...handoffs, direction: 'outbox', agent: filled.requester });
}

async function listNothing({ listSessions, listHandoffs }: ExplainedDatabase['operations']): Promise<void> {
  await listSessions({ namespace: filled.large, limit: 20, dormantAfterMs: 1, owner: 'unknown' });
  for (const status of ['rejected', 'expired'] as const) {
    await listHandoffs({ ...inbox, status });
    await listHandoffs({ ...inbox, status, direction: 'outbox', agent: filled.requester });
  }
}
