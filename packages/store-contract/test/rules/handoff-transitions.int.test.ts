import {
  handoffOutcomes,
  handoffStatus,
  handoffStatuses,
  handoffTransitions,
  requestTypes,
  type HandoffStatus,
  type RequestType,
  type SessionRef,
} from '@org/domain';
import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../src/memory-store/memory-store.js';
import { StoreScenario } from '../../src/store-scenario.js';

const handoffId = 'the-offer';
const offerMs = 10_000;
const leaseMs = 1000;

/** The agents of a handoff of this type. The planner owns the session. */
const castOf = (requestType: RequestType) =>
  requestType === 'take_over'
    ? { requester: 'rescuer', target: 'planner', acceptor: 'rescuer', owner: 'planner' }
    : { requester: 'planner', target: 'target', acceptor: 'target', owner: 'planner' };

/** Accepts the handoff, with a lease if it can have one. A `take_over` waits for no deadline. */
const accept = (s: StoreScenario, agent: string, lease?: { leaseMs: number }): Promise<unknown> =>
  s.store.claimHandoff({ namespace: s.namespace, handoffId, agent, ...lease, takeOverAfterMs: 0 });

/** Makes a handoff in this status. Undefined if the status is impossible. */
async function inStatus(status: HandoffStatus, requestType: RequestType): Promise<StoreScenario | undefined> {
  let nowMs = 0;
  const s = new StoreScenario({
    store: createMemoryStore({ clock: () => nowMs }),
    advance: (ms) => void (nowMs += ms),
  });
  const { requester, target, acceptor } = castOf(requestType);
  const isPossible = handoffTransitions.some(
    ({ to, only = requestTypes }) => to === status && only.includes(requestType),
  );
  if (!isPossible) return undefined;
  await s.createSession();
  const request = { handoffId, requestType, agent: requester, targetAgent: target, expiresInMs: offerMs } as const;
  const offer = await s.offer({ ...request, takeOverBy: 'namespace' });
  const accepted = (): Promise<unknown> =>
    accept(s, acceptor, requestType === 'full_handoff' ? { leaseMs } : undefined);
  switch (status) {
    case 'pending':
      break;
    case 'expired':
      nowMs = offerMs;
      break;
    case 'accepted':
      await accepted();
      break;
    case 'rejected':
      await s.resolve(offer, 'rejected', target);
      break;
    case 'cancelled':
      await s.resolve(offer, 'cancelled', requester);
      break;
    case 'completed':
    case 'returned':
      await accepted();
      await s.resolve(offer, status, acceptor);
  }
  return s;
}

async function statusOf(s: StoreScenario): Promise<HandoffStatus> {
  return handoffStatus(await s.store.readHandoff({ namespace: s.namespace, handoffId }));
}

const refOf = ({ namespace, sessionKey }: StoreScenario): SessionRef => ({ namespace, sessionKey });

type Attempt = (s: StoreScenario) => Promise<unknown>;

/** All attempts, by the agent or else by the table's name of the actor. */
const tries: readonly [string, Attempt][] = [
  ...['target', 'planner', 'rescuer', 'outsider'].flatMap((agent): [string, Attempt][] => [
    [agent, (s) => accept(s, agent)],
    ...handoffOutcomes.map((outcome): [string, Attempt] => [agent, (s) => s.resolve({ handoffId }, outcome, agent)]),
  ]),
  ['clock', async (s) => s.advance(leaseMs)],
  // An accepted offer is pending again before it expires: these are two steps.
  ['clock', async (s) => (await statusOf(s)) === 'pending' && s.advance(offerMs)],
  [
    'operator',
    async (s) => (await statusOf(s)) === 'accepted' && s.store.takeOverSession({ ...refOf(s), agent: 'another' }),
  ],
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
      const cast: Readonly<Record<string, string>> = castOf(requestType);
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
        .filter((step) => step.from === from && (step.only ?? requestTypes).includes(requestType))
        .map(({ by, to }) => `${cast[by] ?? by} → ${to}`);
      expect([...reached].toSorted()).toEqual([...new Set(legal)].toSorted());
    });
  },
);
