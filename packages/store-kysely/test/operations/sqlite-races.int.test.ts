import type { SessionRecord } from '@org/domain';
import { createSqliteStore, type SqliteStore } from '@org/store-kysely/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forkStore, type DatabaseProcess } from '../support/fork-store.js';
import { createWork, offerWork, work } from '../support/requests.js';
import { temporaryFile } from '../support/temporary-file.js';

const leaseMs = 60_000;

describe('several processes on one SQLite file', () => {
  let processes: DatabaseProcess[];
  let store: SqliteStore;
  let remove: () => void;

  beforeAll(async () => {
    const file = temporaryFile();
    remove = file.remove;
    store = await createSqliteStore({ path: file.path });
    processes = Array.from({ length: 4 }, () => forkStore(file.path));
    await Promise.all(processes.map((process) => process.store.ping()));
  });
  afterAll(async () => {
    await Promise.all(processes.map((process) => process.end()));
    await store.close();
    remove();
  });

  it('let exactly one of 64 acceptors win, 200 times', { timeout: 60_000 }, async () => {
    const { namespace } = work;
    await store.createSession(createWork);
    const acceptors = Array.from({ length: 64 }, (_, index) => `acceptor-${index}`);
    const winners = new Set<string>();
    for (let round = 0; round < 200; round += 1) {
      const handoffId = `round-${round}`;
      await store.createHandoff(offerWork(handoffId, { targetAgent: 'role:builder', expiresInMs: leaseMs }));
      const outcomes = await Promise.allSettled(
        acceptors.map((agent, index) => {
          const { store: elsewhere } = processes[index % processes.length] as DatabaseProcess;
          return elsewhere.claimHandoff({ namespace, agent, handoffId });
        }),
      );
      const won = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
      const refusals = outcomes.flatMap((outcome) =>
        outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
      );
      expect(won).toHaveLength(1);
      const winner = won[0]?.session.owner ?? '';
      expect(won[0]).toMatchObject({
        replayed: false,
        handoff: { acceptedBy: winner },
        session: { epoch: 2 + 2 * round },
      });
      expect(refusals.filter((reason) => (reason as { code?: string }).code !== 'HANDOFF_CLAIMED')).toEqual([]);
      await store.resolveHandoff({ namespace, agent: winner, handoffId, outcome: 'returned' });
      winners.add(winner);
    }
    expect(await store.readSession(work)).toMatchObject({ owner: 'planner', epoch: 401 });
    // Otherwise they did not race.
    expect(winners.size).toBeGreaterThan(1);
  });

  it('settle a lapsed lease once, however many come across it', async () => {
    for (const round of Array.from({ length: 20 }, (_, index) => index)) {
      const session = { ...work, sessionKey: `lapse-${round}` };
      await store.createSession({ ...createWork, ...session });
      await store.createHandoff(offerWork(`lapse-${round}`, { ...session, expiresInMs: 1000 * leaseMs }));
      await store.claimHandoff({ ...session, agent: 'implementer', handoffId: `lapse-${round}`, leaseMs });
      await Promise.all(processes.map((process) => process.advance(leaseMs)));
      const looks = processes.flatMap(({ store: elsewhere }): Promise<SessionRecord>[] => [
        elsewhere.readSession(session),
        elsewhere
          .peekInboxes([{ namespace: work.namespace, agent: 'reviewer', roles: [], after: 0 }])
          .then(() => elsewhere.readSession(session)),
      ]);
      for (const seen of await Promise.all(looks)) {
        expect(seen).toMatchObject({ owner: 'planner', epoch: 3, version: 3, formerOwners: ['implementer'] });
      }
    }
  });
});
