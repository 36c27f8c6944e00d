import {
  handoffOutcomes,
  handoffStatus,
  handoffStatuses,
  handoffTransitions,
  requestTypes,
  type HandoffStatus,
  type RequestType,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
import { StoreScenario } from '../../src/store-scenario.js';

const handoffId = 'the-offer';
const offerMs = 10_000;
const leaseMs = 1000;

/**
 * Makes a handoff to `target` in this status, with a lease if it is accepted. Undefined if the status is impossible.
 */
async function inStatus(status: HandoffStatus, requestType: RequestType): Promise<StoreScenario | undefined> {
  let nowMs = 0;
  const s = new StoreScenario({
    store: createMemoryStore({ clock: () => nowMs }),
    advance: (ms) => void (nowMs += ms),
  });
  await s.createSession();
  const offer = await s.offer({ handoffId, requestType, targetAgent: 'target', expiresInMs: offerMs });
  const isOwnership = requestType === 'full_handoff';
  const accept = (): Promise<unknown> => s.claim(offer, 'target', undefined, isOwnership ? leaseMs : undefined);
  switch (status) {
    case 'pending':
      break;
    case 'expired':
      nowMs = offerMs;
      break;
    case 'accepted':
      await accept();
      break;
    case 'rejected':
      await s.resolve(offer, 'rejected', 'target');
      break;
    case 'cancelled':
      await s.resolve(offer, 'cancelled', 'planner');
      break;
    case 'completed':
      await accept();
      await s.resolve(offer, 'completed', 'target');
      break;
    case 'returned':
      if (!isOwnership) return undefined;
      await accept();
      await s.resolve(offer, 'returned', 'target');
  }
  return s;
}

async function statusOf(s: StoreScenario): Promise<HandoffStatus> {
  const { handoffs } = await s.listHandoffs({ agent: 'planner', direction: 'outbox', status: undefined });
  const offer = handoffs.find((handoff) => handoff.handoffId === handoffId);
  if (offer === undefined) throw new Error('the offer is gone');
  return handoffStatus(offer);
}

/** All attempts, under the table's name of the actor. */
const tries: readonly [string, (s: StoreScenario) => Promise<unknown>][] = [
  ['target', (s) => s.claim({ handoffId }, 'target')],
  ...(['target', 'planner', 'outsider'] as const).flatMap((agent) =>
    handoffOutcomes.map((outcome): [string, (s: StoreScenario) => Promise<unknown>] => [
      agent === 'planner' ? 'requester' : agent,
      (s) => s.resolve({ handoffId }, outcome, agent),
    ]),
  ),
  ['clock', async (s) => s.advance(leaseMs)],
  // An accepted offer is pending again before it expires: these are two steps.
  ['clock', async (s) => (await statusOf(s)) === 'pending' && s.advance(offerMs)],
  [
    'fence',
    async (s) => {
      const { owner } = await s.readSession();
      return s.claim(await s.offer({ agent: owner, targetAgent: 'another' }), 'another');
    },
  ],
];

describe.each(handoffStatuses.flatMap((from) => requestTypes.map((type) => [from, type] as const)))(
  'the steps of a handoff that is %s, of type %s',
  (from, requestType) => {
    it('are those of the table', async () => {
      const reached = new Set<string>();
      for (const [by, attempt] of tries) {
        const s = await inStatus(from, requestType);
        if (s === undefined) return;
        expect(await statusOf(s)).toBe(from);
        await attempt(s).catch(() => undefined);
        const to = await statusOf(s);
        if (to !== from) reached.add(`${by} → ${to}`);
      }
      const legal = handoffTransitions
        .filter((step) => step.from === from && (step.only ?? requestType) === requestType)
        .map(({ by, to }) => `${by === 'acceptor' ? 'target' : by} → ${to}`);
      expect([...reached].toSorted()).toEqual(legal.toSorted());
    });
  },
);
