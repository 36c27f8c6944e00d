import { limits, type HandoffRecord } from '@org/domain';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.js';
import type { AcknowledgedAppend, AcknowledgedClaim, AcknowledgedResolution, History } from './history.js';
import { createMemoryStore } from '../memory-store/memory-store.js';
import { createHistoryRecorder } from './record-history.js';
import { once, StoreScenario } from '../store-scenario.js';

const leaseMs = 60_000;

/** A history with an owner, a participant, a handoff whose lease lapses, and one without a lease. */
async function soundHistory(): Promise<{ history: History; offer: HandoffRecord }> {
  let nowMs = 0;
  const recorder = createHistoryRecorder();
  const store = recorder.watch(createMemoryStore({ clock: () => nowMs }));
  const s = new StoreScenario({ store, advance: (ms) => void (nowMs += ms) });
  await s.createSession();
  await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
  await s.append({ content: 'one', idempotency: once('k') });
  await s.append({ content: 'one', idempotency: once('k') });
  await s.append({ agent: 'helper', content: 'two' });
  const offer = await s.offer();
  await s.claim(offer, 'implementer', undefined, leaseMs);
  await s.claim(offer, 'implementer', undefined, leaseMs);
  await s.append({ agent: 'implementer', content: 'three' });
  nowMs += leaseMs;
  await s.readSession();
  await s.append({ content: 'four' });
  await s.claim(offer, 'implementer');
  await s.append({ agent: 'implementer', content: 'five' });
  await s.append({ agent: 'planner', content: 'never' }).catch(() => undefined);
  const back = await s.offer({ agent: 'implementer' });
  await s.claim(back, 'planner', undefined, undefined, 'first process');
  await s.resolve(back, 'returned', 'planner', { claimant: 'first process', epoch: 5 });
  await s.readSession();
  const shared = await s.offer({ agent: 'implementer', requestType: 'context_transfer' });
  await s.resolve(shared, 'cancelled', 'implementer', { epoch: 6 });
  return { history: await recorder.history(store), offer };
}

let history: History;
let offer: HandoffRecord;
beforeEach(async () => {
  ({ history, offer } = await soundHistory());
});

/** Returns the history with one log changed. */
function withLog(change: (log: History['logs'][number]) => Partial<History['logs'][number]>): History {
  return { ...history, logs: history.logs.map((log) => ({ ...log, ...change(log) })) };
}
const withAppend = (content: string, change: Partial<AcknowledgedAppend>): History => ({
  ...history,
  appends: history.appends.map((append) => (append.content === content ? { ...append, ...change } : append)),
});
const withClaim = (change: (claim: AcknowledgedClaim) => readonly AcknowledgedClaim[]): History => ({
  ...history,
  claims: history.claims.flatMap(change),
});
const withResolution = (
  outcome: AcknowledgedResolution['outcome'],
  change: (resolution: AcknowledgedResolution) => readonly AcknowledgedResolution[],
): History => ({
  ...history,
  resolutions: history.resolutions.flatMap((each) => (each.outcome === outcome ? change(each) : [each])),
});
const renumbered = (entries: History['logs'][number]['entries']): History['logs'][number]['entries'] =>
  entries.map((entry, index) => ({ ...entry, sequence: index + 1 }));

describe('the history checker', () => {
  it('finds nothing in a correct history', () => {
    expect(history.appends.map(({ sequence }) => sequence)).toEqual([1, 1, 2, 3, 4, 5]);
    expect(history.logs[0]?.entries.map(({ epoch }) => epoch)).toEqual([1, 1, 2, 3, 4]);
    expect(history.claims.map(({ replayed }) => replayed)).toEqual([false, false, true, false, false]);
    expect(history.resolutions.map(({ outcome }) => outcome)).toEqual(['returned', 'cancelled']);
    expect(checkHistory(history)).toEqual([]);
  });

  const logDefects: [string, () => History, RegExp][] = [
    [
      'an acknowledged append that is missing',
      () =>
        withLog(({ entries, session }) => ({
          entries: entries.slice(0, -1),
          session: { ...session, lastSequence: 4 },
        })),
      /"five" was acknowledged as entry 5, which is missing/,
    ],
    [
      'an acknowledged append in another place',
      () =>
        withLog(({ entries: [a, b, ...rest] }) => ({ entries: renumbered([b, a, ...rest].flatMap((e) => e ?? [])) })),
      /"one" was acknowledged as entry 1, which is helper "two"/,
    ],
    [
      'an append that is there twice',
      () =>
        withLog(({ entries, session }) => ({
          entries: renumbered([...entries, ...entries.slice(-1)]),
          session: { ...session, lastSequence: 6 },
        })),
      /entry 6 is there twice/,
    ],
    [
      'a gap',
      () => withLog(({ entries }) => ({ entries: entries.map((e) => (e.sequence === 5 ? { ...e, sequence: 6 } : e)) })),
      /entry 6 stands at place 5/,
    ],
    [
      'a session that counts other entries than it has',
      () => withLog(({ session }) => ({ session: { ...session, lastSequence: 6 } })),
      /holds 5 entries, and the session says 6/,
    ],
    [
      'an entry that no agent sent',
      () => ({ ...history, sent: history.sent.filter(({ content }) => content !== 'two') }),
      /no agent sent entry 2/,
    ],
    [
      'an entry under the name of another',
      () =>
        withLog(({ entries }) => ({ entries: entries.map((e) => (e.sequence === 4 ? { ...e, agent: 'helper' } : e)) })),
      /no agent sent entry 4 \(helper "four"\)/,
    ],
    [
      'an epoch that falls',
      () => withLog(({ entries }) => ({ entries: entries.map((e) => (e.sequence === 5 ? { ...e, epoch: 2 } : e)) })),
      /entry 5 is of epoch 2, after one of epoch 3/,
    ],
    [
      'a writer who was not the owner',
      () => withLog(({ entries }) => ({ entries: entries.map((e) => (e.sequence === 4 ? { ...e, epoch: 4 } : e)) })),
      /planner wrote entry 4 at epoch 4, which is implementer's/,
    ],
  ];
  const answerDefects: [string, () => History, RegExp][] = [
    [
      'an answer with another epoch',
      () => withAppend('four', { epoch: 1 }),
      /acknowledged at epoch 1, and is of epoch 3/,
    ],
    [
      'an append that overtook one that had ended',
      () => withAppend('two', { began: 1000, ended: 1001 }),
      /entry 2 was sent after entry 5 was acknowledged/,
    ],
    [
      'a write after ownership was seen to move',
      () => withAppend('three', { began: 1000, ended: 1001 }),
      /entry 3 was written at epoch 2, after epoch \d had begun/,
    ],
    [
      'an epoch of two owners',
      () => ({
        ...history,
        sightings: history.sightings.flatMap((seen) => [seen, { ...seen, session: { ...seen.session, owner: 'x' } }]),
      }),
      /epoch 1 is both planner's and x's/,
    ],
    [
      'two winners of one offer',
      () => withClaim((claim) => [claim, { ...claim, agent: 'rival', replayed: true }]),
      /helper and rival both accepted it/,
    ],
    [
      'an acceptance that is made twice',
      () => withClaim((claim) => [{ ...claim, replayed: false }]),
      /was accepted 2 times at epoch 2/,
    ],
    [
      'a second acceptance of what was accepted for good',
      () => withClaim((claim) => [{ ...claim, session: { ...claim.session, lease: undefined } }]),
      /was accepted at epoch 2 for good, and again at epoch 4/,
    ],
    [
      'a second acceptance without a lapse',
      () =>
        withClaim((claim) =>
          claim.handoff.handoffId === offer.handoffId && claim.handoff.grantedEpoch === 4
            ? [{ ...claim, handoff: { ...claim.handoff, grantedEpoch: 3 } }]
            : [claim],
        ),
      /was accepted at epoch 3 without a lapse since 2/,
    ],
  ];
  const endDefects: [string, () => History, RegExp][] = [
    [
      'a handoff that ends twice',
      () => withResolution('returned', (end) => [end, { ...end, outcome: 'completed' }]),
      /ended as returned and as completed/,
    ],
    [
      'a return by an older epoch',
      () => withResolution('returned', (end) => [{ ...end, epoch: 4 }]),
      /was accepted at epoch 5, and returned by an epoch 4/,
    ],
    [
      'a return by another process',
      () => withResolution('returned', (end) => [{ ...end, epoch: undefined, claimant: 'second process' }]),
      /first process accepted it, and second process returned it/,
    ],
    [
      'an offer that an older process of its owner withdraws',
      () => withResolution('cancelled', (end) => [{ ...end, epoch: 4 }]),
      /cancelled by an epoch 4, after epoch 6 had begun/,
    ],
  ];

  it.each([...logDefects, ...answerDefects, ...endDefects])('finds %s', (_name, defective, problem) => {
    expect(checkHistory(defective()).join('\n')).toMatch(problem);
  });
});

/** A history in which an agent takes a session over. */
async function takenHistory(): Promise<History> {
  let nowMs = 0;
  const recorder = createHistoryRecorder();
  const store = recorder.watch(createMemoryStore({ clock: () => nowMs }));
  const s = new StoreScenario({ store, advance: (ms) => void (nowMs += ms) });
  await s.createSession();
  await s.append({ content: 'one' });
  const request = await s.askFor('rescuer');
  nowMs += limits.takeOverAfterMs;
  await s.claim(request, 'rescuer');
  await s.claim(request, 'rescuer');
  await s.append({ agent: 'rescuer', content: 'two' });
  return recorder.history(store);
}

describe('the history checker, of a session that is taken over,', () => {
  const withEntry = (taken: History, change: Partial<History['logs'][number]['entries'][number]>): History => ({
    ...taken,
    logs: taken.logs.map((log) => ({
      ...log,
      entries: log.entries.map((entry) => (entry.contextType === 'system' ? { ...entry, ...change } : entry)),
    })),
  });

  it('finds nothing in a correct history', async () => {
    const taken = await takenHistory();
    expect(taken.takeOvers).toHaveLength(1);
    expect(checkHistory(taken)).toEqual([]);
  });

  it.each<[string, (taken: History) => History, RegExp]>([
    [
      'an entry of no take-over',
      (taken) => ({ ...taken, takeOvers: [] }),
      /no agent sent entry 2 \(rescuer "rescuer took the session over/,
    ],
    [
      'a take-over that is not in the log',
      (taken) => withEntry(taken, { contextType: 'message' }),
      /the first entry of epoch 2 does not say that rescuer took the session over/,
    ],
    [
      'a take-over that is in the log for another',
      (taken) => withEntry(taken, { agent: 'planner' }),
      /the first entry of epoch 2 does not say that rescuer took the session over/,
    ],
    [
      'a take-over that misses an entry of the former owner',
      (taken) => ({
        ...taken,
        takeOvers: taken.takeOvers.map((each) => ({ ...each, tookOver: { from: 'planner', lastSequence: undefined } })),
      }),
      /told that planner wrote up to undefined, and it wrote up to 1/,
    ],
  ])('finds %s', async (_name, defective, problem) => {
    expect(checkHistory(defective(await takenHistory())).join('\n')).toMatch(problem);
  });
});

/** A history in which a participant is removed and invited again, and another one leaves. */
async function leftHistory(): Promise<History> {
  const recorder = createHistoryRecorder();
  const store = recorder.watch(createMemoryStore());
  const s = new StoreScenario({ store, advance: () => undefined });
  await s.createSession();
  const invite = async (agent: string): Promise<HandoffRecord> =>
    (await s.claim(await s.offer({ requestType: 'collaboration' }), agent)).handoff;
  const first = await invite('helper');
  await s.resolve(first, 'completed', 'helper');
  await s.resolve(first, 'cancelled', 'planner');
  await invite('helper');
  await s.append({ agent: 'helper', content: 'one' });
  const second = await invite('other');
  await s.append({ agent: 'other', content: 'two' });
  await s.resolve(second, 'returned', 'other');
  return recorder.history(store);
}

describe('the history checker, of participants that leave,', () => {
  it('finds nothing in a correct history', async () => {
    expect(checkHistory(await leftHistory())).toEqual([]);
  });

  it('finds one that writes on, and a collaboration that ends twice', async () => {
    const left = await leftHistory();
    const late = left.appends.map((append) => ({ ...append, began: 1000, ended: 1001 }));
    expect(checkHistory({ ...left, appends: late }).join('\n')).toMatch(/other wrote entry 2 after it had left/);
    const twice = [...left.resolutions, ...left.resolutions.filter(({ outcome }) => outcome === 'returned')];
    expect(checkHistory({ ...left, resolutions: twice }).join('\n')).toMatch(/ended as returned and as returned/);
  });
});
