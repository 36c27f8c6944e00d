import {
  ContextStoreError,
  storeOperations,
  type ClaimedHandoff,
  type HandoffRecord,
  type Replayable,
  type Store,
} from '@org/domain';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
import { playScript } from '../../src/model/model-player.js';
import { arbitraryScript } from '../../src/model/model-script.js';
import { describeStoreModel, findDifference } from '../../src/model/store-model.js';
import type { StoreHarness } from '../../src/harness/store-harness.js';

function openMemory(plant: (store: Store) => Partial<Store> = () => ({})): StoreHarness {
  let skewMs = 0;
  const sound = createMemoryStore({ clock: () => Date.now() + skewMs });
  const store = { ...sound, ...plant(sound) };
  return { store, advance: (ms) => void (skewMs += ms), close: () => store.close() };
}

describeStoreModel('memory', async () => openMemory(), { runs: 200 });

/** Stores with one defect each. */
const defects: Readonly<Record<string, (store: Store) => Partial<Store>>> = {
  'an offer that two agents win': (store) => {
    const won = new Map<string, Replayable<ClaimedHandoff>>();
    return {
      claimHandoff: async (request) => {
        try {
          const answer = await store.claimHandoff(request);
          won.set(request.handoffId, answer);
          return answer;
        } catch (error) {
          const first = won.get(request.handoffId);
          if (first === undefined || !(error instanceof ContextStoreError) || error.code !== 'HANDOFF_CLAIMED')
            throw error;
          return { ...first, handoff: { ...first.handoff, acceptedBy: request.agent } };
        }
      },
    };
  },
  'an append that skips a sequence': (store) => ({
    appendEntry: async (request) => {
      const answer = await store.appendEntry(request);
      return answer.sequence === 3 ? { ...answer, sequence: 4 } : answer;
    },
  }),
  'a fence that is not checked': (store) => ({
    appendEntry: (request) => store.appendEntry({ ...request, epoch: undefined }),
  }),
  'an expected sequence that is not checked': (store) => ({
    appendEntry: (request) => store.appendEntry({ ...request, expectedSequence: undefined }),
  }),
  'a replay of an append that is not recognised': (store) => ({
    appendEntry: (request) => store.appendEntry({ ...request, idempotency: undefined }),
  }),
  'a replay of an acceptance that is not recognised': (store) => ({
    claimHandoff: (request) => store.claimHandoff({ ...request, idempotency: undefined }),
  }),
  'a replay of a resolution that is not recognised': (store) => ({
    resolveHandoff: (request) => store.resolveHandoff({ ...request, idempotency: undefined }),
  }),
  'a key that stands for any input': (store) => ({
    updateSession: (request) =>
      store.updateSession({
        ...request,
        idempotency: request.idempotency && { ...request.idempotency, requestHash: 'any' },
      }),
  }),
  'a lease that outlasts its time': (store) => ({
    claimHandoff: async (request) => {
      const answer = await store.claimHandoff({ ...request, leaseMs: request.leaseMs && request.leaseMs + 600_000 });
      const { lease } = answer.session;
      // Hides the defect from the answer itself.
      const shown = lease && {
        ...lease,
        durationMs: lease.durationMs - 600_000,
        expiresAtMs: lease.expiresAtMs - 600_000,
      };
      const leaseExpiresAtMs = answer.handoff.leaseExpiresAtMs && shown?.expiresAtMs;
      return {
        ...answer,
        session: { ...answer.session, lease: shown },
        handoff: { ...answer.handoff, leaseExpiresAtMs },
      };
    },
  }),
  'a lapse that a reading of the log does not show': (store) => {
    let known: Awaited<ReturnType<Store['readSession']>> | undefined;
    return {
      appendEntry: async (request) => {
        const answer = await store.appendEntry(request);
        known = await store.readSession(request);
        return answer;
      },
      readEntries: async (request) => {
        const page = await store.readEntries(request);
        const { epoch, uid, lastSequence } = page.session;
        const isStale = known?.uid === uid && known.lastSequence === lastSequence && known.lease && known.epoch < epoch;
        return isStale && known !== undefined ? { ...page, session: known } : page;
      },
    };
  },
  'a write that renews no lease': (store) => {
    const deadlines = new Map<string, number>();
    return {
      readSession: async (request) => {
        const session = await store.readSession(request);
        if (session.lease === undefined) return session;
        const held = `${session.uid} ${session.epoch}`;
        const expiresAtMs = deadlines.get(held) ?? session.lease.expiresAtMs;
        deadlines.set(held, expiresAtMs);
        return { ...session, lease: { ...session.lease, expiresAtMs } };
      },
    };
  },
  'a mark that never moves back': (store) => ({
    markRead: async (request) => {
      const { sequence } = await store.markRead({ ...request, sequence: undefined });
      return store.markRead({ ...request, sequence: request.sequence && Math.max(request.sequence, sequence) });
    },
  }),
  'a mark that all agents share': (store) => ({ markRead: (request) => store.markRead({ ...request, agent: 'ann' }) }),
  'a listing that ignores its position': (store) => ({
    listHandoffs: (request) => store.listHandoffs({ ...request, after: 0 }),
  }),
  'a peek that ignores its position': (store) => ({
    peekInboxes: (inboxes) => store.peekInboxes(inboxes.map((inbox) => ({ ...inbox, after: 0 }))),
  }),
  'a peek that ignores roles': (store) => ({
    peekInboxes: (inboxes) => store.peekInboxes(inboxes.map((inbox) => ({ ...inbox, roles: [] }))),
  }),
  'a listing that ignores its projects': (store) => ({
    listHandoffs: (request) => store.listHandoffs({ ...request, projects: undefined }),
  }),
  'a peek that ignores its projects': (store) => ({
    peekInboxes: (inboxes) => store.peekInboxes(inboxes.map((inbox) => ({ ...inbox, projects: undefined }))),
  }),
  'a list of sessions that leaves out what has no project': (store) => ({
    listSessions: ({ projects, ...request }) =>
      store.listSessions({ ...request, projects: projects?.filter((project) => project !== null) }),
  }),
  'a session that moves to another project without its offers': (store) => {
    const projects = new Map<string, string | undefined>();
    const asFirst = <Handoff extends HandoffRecord>(handoff: Handoff): Handoff => {
      const { handoffId, project } = handoff;
      if (!projects.has(handoffId)) projects.set(handoffId, project);
      return { ...handoff, project: projects.get(handoffId) };
    };
    return {
      createHandoff: async (request) => {
        const answer = await store.createHandoff(request);
        return { ...answer, handoff: asFirst(answer.handoff) };
      },
      listHandoffs: async (request) => {
        const page = await store.listHandoffs(request);
        return { ...page, handoffs: page.handoffs.map(asFirst) };
      },
    };
  },
  'an inbox that shows what has expired': (store) => ({
    listHandoffs: async (request) => {
      if (request.direction === 'outbox' || request.status !== 'pending') return store.listHandoffs(request);
      const all = await store.listHandoffs({ ...request, status: undefined });
      return { ...all, handoffs: all.handoffs.filter(({ status }) => status === 'pending') };
    },
  }),
  'an update that forgets the version': (store) => ({
    updateSession: (request) => store.updateSession({ ...request, expectedVersion: undefined }),
  }),
  'a briefing that reads past its end': (store) => ({
    readBriefing: (request) =>
      store.readBriefing({ ...request, uptoSequence: request.uptoSequence && request.uptoSequence + 1 }),
  }),
  'a tail that takes a page for full too early': (store) => ({
    readTail: async (request) => {
      const tail = await store.readTail(request);
      const { lastSequence } = tail.session;
      return lastSequence % request.pageSize === request.pageSize - 1 ? { ...tail, entries: [] } : tail;
    },
  }),
  'an end of a log that misses a second append': (store) => ({
    readLogEnd: async (request) => {
      const end = await store.readLogEnd(request);
      return end.session.lastSequence === 2 ? { ...end, lastAppend: undefined } : end;
    },
  }),
  'a deletion that does nothing': (store) => ({
    deleteSession: async (request) => void (await store.readSession(request)),
  }),
  'a count of pending offers that is one too high': (store) => ({
    countNamespace: async (request) => {
      const counts = await store.countNamespace(request);
      return { ...counts, pendingHandoffs: counts.pendingHandoffs + (counts.sessions > 1 ? 1 : 0) };
    },
  }),
  'a fence that a resolution does not look at': (store) => ({
    resolveHandoff: (request) => store.resolveHandoff({ ...request, epoch: undefined }),
  }),
  'a resolution by any process of the acceptor': (store) => ({
    resolveHandoff: (request) => store.resolveHandoff({ ...request, claimant: undefined }),
  }),
  'an acceptance that any process of the acceptor repeats': (store) => ({
    claimHandoff: async (request) => {
      const answer = await store.claimHandoff({ ...request, claimant: undefined });
      const { claimant = answer.handoff.claimant } = request;
      return { ...answer, handoff: { ...answer.handoff, claimant } };
    },
  }),
  'a take-over that waits for no deadline': (store) => ({
    claimHandoff: (request) => store.claimHandoff({ ...request, takeOverAfterMs: 0 }),
  }),
  'a take-over that every agent may ask for': (store) => ({
    createHandoff: (request) => store.createHandoff({ ...request, takeOverBy: 'namespace' }),
  }),
  'a participant that writes on after it has left': (store) => ({
    resolveHandoff: async (request) => {
      const { handoff, ...rest } = await store.resolveHandoff({
        ...request,
        outcome: request.outcome === 'returned' ? 'completed' : request.outcome,
      });
      return { ...rest, handoff: { ...handoff, status: request.outcome } };
    },
  }),
  'a failure that is no refusal': (store) => ({
    resolveHandoff: (request) =>
      store.resolveHandoff(request).catch(() => {
        throw new TypeError('undefined is not a function');
      }),
  }),
};

describe('the store model', () => {
  it.each(Object.keys(defects))('finds %s', async (name) => {
    const difference = await findDifference(openMemory(defects[name]), { runs: 2000, seed: 5 });
    expect(difference).toMatch(/differs[\s\S]*createSession[\s\S]*reference: [\s\S]*engine: /);
  });

  it('shows a difference as a short script', async () => {
    const difference = await findDifference(openMemory(defects['a mark that never moves back']), {
      runs: 2000,
      seed: 5,
    });
    expect(difference?.match(/^\d+\. /gm)?.length).toBeLessThanOrEqual(6);
  });

  it.each([0, 50])('reports that it ended early, after %i ms', async (limitMs) => {
    const search = findDifference(openMemory(), { runs: 100_000, seed: 1, limitMs });
    await expect(search).rejects.toThrow(/over after \d+ of 100000 scripts/);
  });

  it('reaches every refusal of the port, and an answer of every operation', async () => {
    const seen = new Set<string>();
    for (const script of fc.sample(arbitraryScript, { numRuns: 800, seed: 4 })) {
      for (const { text, expected } of await playScript(script, openMemory())) {
        seen.add('refusal' in expected ? expected.refusal.code : (text.split(' ')[0] ?? ''));
      }
    }
    expect([...seen].toSorted()).toEqual(reached.toSorted());
  });
});

const reached = [
  'SESSION_NOT_FOUND',
  'SESSION_EXISTS',
  'SESSION_NOT_ACTIVE',
  'SESSION_EXPIRED',
  'NOT_A_PARTICIPANT',
  'OWNERSHIP_LOST',
  'FORBIDDEN',
  'SEQUENCE_CONFLICT',
  'VERSION_CONFLICT',
  'IDEMPOTENCY_MISMATCH',
  'HANDOFF_NOT_FOUND',
  'HANDOFF_NOT_PENDING',
  'HANDOFF_CLAIMED',
  'HANDOFF_EXPIRED',
  'TAKE_OVER_TOO_EARLY',
  'VALIDATION_ERROR',
  // Scripts read handoffs by their lists. The contract reads single ones.
  ...storeOperations.filter((operation) => operation !== 'readHandoff'),
  'advance',
  'storeLapse',
];
