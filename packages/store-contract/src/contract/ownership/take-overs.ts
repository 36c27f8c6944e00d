import { limits, type EntryRecord, type HandoffRecord } from '@org/domain';
import { describe, expect } from 'vitest';
import { dayMs, expectRefusal, once, type ScenarioTest, type StoreScenario } from '../../store-scenario.js';

const afterMs = limits.takeOverAfterMs;
/** A test is never slower than this, so a deadline that is further away has not passed. */
const marginMs = 60_000;

const isoTime = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();

/** Returns the last entry of the log. */
async function lastEntry(s: StoreScenario): Promise<EntryRecord | undefined> {
  return (await s.readEntries()).entries.at(-1);
}

/** Lets the planner write an entry and go silent, and another agent ask for the session, for as long as it must. */
async function silentOwner(s: StoreScenario): Promise<HandoffRecord> {
  await s.createSession();
  await s.append();
  const request = await s.askFor('rescuer', { summary: 'the deadline is near' });
  await s.advance(afterMs);
  return request;
}

export function describeTakeOvers(test: ScenarioTest): void {
  describe('taking over', () => {
    test('moves ownership at a new epoch, fences out the owner, and is in the log', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      const written = await s.append();
      await s.append({ agent: 'helper' });
      const request = await s.askFor('rescuer', { summary: 'the deadline is near' });
      await s.advance(afterMs);
      const { session, handoff, replayed } = await s.claim(request, 'rescuer');
      expect(replayed).toBe(false);
      expect(session).toMatchObject({
        owner: 'rescuer',
        participants: ['helper'],
        formerOwners: ['planner'],
        epoch: 2,
        version: 3,
        lastSequence: 3,
        ownerLastSequence: 3,
      });
      expect(session.takeOver).toBeUndefined();
      expect(session.takenOverAtMs).toBe(session.ownerWroteAtMs);
      expect(session.lastActivityAtMs).toBe(session.takenOverAtMs);
      expect(await s.readSession()).toMatchObject({ ...session, observedAtMs: expect.any(Number) as number });
      const tookOver = { from: 'planner', lastSequence: 1, lastWroteAtMs: written.createdAtMs };
      expect(handoff).toMatchObject({
        status: 'accepted',
        acceptedBy: 'rescuer',
        grantedEpoch: 2,
        uptoSequence: 3,
        tookOver,
      });
      const entry = await lastEntry(s);
      expect(entry).toMatchObject({ sequence: 3, contextType: 'system', agent: 'rescuer', epoch: 2, pinned: false });
      expect(entry?.content).toBe(
        'rescuer took the session over from planner, which gave no sign of life within the deadline. ' +
          `Reason: the deadline is near\nplanner last wrote at ${isoTime(written.createdAtMs)}; its newest entry is 1.`,
      );
      expect(entry?.contentBytes).toBe(Buffer.byteLength(entry?.content ?? ''));
      expect(entry?.estimatedTokens).toBe(Math.ceil((entry?.contentBytes ?? 0) / 3.5));
      expect(entry?.metadata).toEqual({
        takeOver: {
          from: 'planner',
          by: 'requester',
          handoffId: request.handoffId,
          lastSequence: 1,
          lastWroteAt: isoTime(written.createdAtMs),
        },
      });
      const { details } = await expectRefusal(s.append(), 'OWNERSHIP_LOST');
      expect(details).toEqual({
        sessionKey: s.sessionKey,
        owner: 'rescuer',
        epoch: 2,
        takenOverAt: isoTime(session.takenOverAtMs),
      });
      expect(await s.append({ agent: 'rescuer', epoch: 2 })).toMatchObject({ sequence: 4, epoch: 2 });
      await s.append({ agent: 'helper' });
    });

    test('adds its entry to the totals of the log', async (s) => {
      await s.claim(await silentOwner(s), 'rescuer');
      await s.append({ agent: 'rescuer', pinned: true });
      const { entries } = await s.readEntries();
      const { estimatedTokens, pinnedCount, newest } = await s.readBriefing();
      expect(estimatedTokens).toBe(entries.reduce((sum, entry) => sum + entry.estimatedTokens, 0));
      expect(pinnedCount).toBe(1);
      expect(newest.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
    });

    test('is refused until the owner was silent for the deadline, counted from the request', async (s) => {
      await s.createSession();
      const wrote = await s.append();
      await s.advance(afterMs);
      const request = await s.askFor('rescuer');
      for (const wait of [0, afterMs - marginMs]) {
        await s.advance(wait);
        const error = await expectRefusal(s.claim(request, 'rescuer'), 'TAKE_OVER_TOO_EARLY');
        expect(error.retryable).toBe(true);
        expect(error.details).toMatchObject({
          handoffId: request.handoffId,
          owner: 'planner',
          ownerWroteAt: isoTime(wrote.createdAtMs),
          acceptableAt: isoTime(request.createdAtMs + afterMs),
        });
        expect(error.details['retryAfterMs']).toBeGreaterThan(afterMs - wait - marginMs);
        expect(error.details['retryAfterMs']).toBeLessThanOrEqual(afterMs - wait);
      }
      await s.advance(marginMs);
      expect((await s.claim(request, 'rescuer')).session.owner).toBe('rescuer');
    });

    test('waits for the time that the deployment sets', async (s) => {
      await s.createSession();
      const { handoffId } = await s.askFor('rescuer');
      const claim = { namespace: s.namespace, handoffId, agent: 'rescuer', takeOverAfterMs: 2 * afterMs };
      await s.advance(2 * afterMs - marginMs);
      await expectRefusal(s.store.claimHandoff(claim), 'TAKE_OVER_TOO_EARLY');
      await s.advance(marginMs);
      expect((await s.store.claimHandoff(claim)).session.owner).toBe('rescuer');
    });

    const signs: readonly [string, (s: StoreScenario, offer: HandoffRecord) => Promise<unknown>][] = [
      ['an append', (s) => s.append()],
      ['appends at once', (s) => s.appendMany(3)],
      ['an append with a key', (s) => s.append({ idempotency: once('k') })],
      ['a change of the session', (s) => s.updateSession({ title: 'at work' })],
      ['an offer', (s) => s.offer({ requestType: 'context_transfer' })],
      ['an offer with a key', (s) => s.createHandoff({ idempotency: once('k') })],
      ['an acceptance', (s, offer) => s.claim(offer, 'planner')],
      ['the end of an offer', (s, offer) => s.resolve(offer, 'cancelled', 'planner')],
    ];
    for (const [name, write] of signs) {
      test(`is put off by ${name} of the owner`, async (s) => {
        await s.createSession();
        const offer = await s.offer({ requestType: 'context_transfer' });
        const request = await s.askFor('rescuer');
        await s.advance(afterMs);
        await write(s, offer);
        await expectRefusal(s.claim(request, 'rescuer'), 'TAKE_OVER_TOO_EARLY');
        await s.advance(afterMs - marginMs);
        await expectRefusal(s.claim(request, 'rescuer'), 'TAKE_OVER_TOO_EARLY');
        await s.advance(marginMs);
        expect((await s.claim(request, 'rescuer')).session.epoch).toBe(2);
      });
    }

    test('is not put off by reads, by writes of others, or by what is refused or repeated', async (s) => {
      await s.createSession();
      await s.claim(await s.offer({ requestType: 'collaboration' }), 'helper');
      await s.append({ idempotency: once('first') });
      const request = await s.askFor('rescuer');
      await s.advance(afterMs);
      await s.append({ agent: 'helper' });
      await s.offer({ agent: 'helper', requestType: 'context_transfer' });
      await s.resolve(await s.askFor('other'), 'cancelled', 'other');
      await s.append({ idempotency: once('first') });
      await s.mark('planner', 1);
      await s.createSession({ ifExists: 'resume' });
      await expectRefusal(s.append({ epoch: 9 }), 'OWNERSHIP_LOST');
      expect((await s.claim(request, 'rescuer')).session.owner).toBe('rescuer');
    });

    test('is for the requester alone', async (s) => {
      const request = await silentOwner(s);
      for (const agent of ['planner', 'outsider']) await expectRefusal(s.claim(request, agent), 'FORBIDDEN');
      await expectRefusal(s.claim(request, 'rescuer', undefined, 1000), 'VALIDATION_ERROR');
      await expectRefusal(s.claim({ handoffId: 'none' }, 'rescuer'), 'HANDOFF_NOT_FOUND');
      expect(await s.readSession()).toMatchObject({ owner: 'planner', epoch: 1, lastSequence: 1 });
    });

    test('is answered again to the winner, whatever has happened since', async (s) => {
      const request = await silentOwner(s);
      const first = await s.claim(request, 'rescuer', once('take'), undefined, 'first process');
      expect(first.handoff.tookOver).toMatchObject({ from: 'planner', lastSequence: 1 });
      const again = await s.claim(request, 'rescuer', undefined, undefined, 'first process');
      expect(again).toMatchObject({ replayed: true, handoff: { tookOver: first.handoff.tookOver } });
      await expectRefusal(s.claim(request, 'rescuer', undefined, undefined, 'second process'), 'HANDOFF_CLAIMED');
      await expectRefusal(s.claim(request, 'planner'), 'HANDOFF_CLAIMED');
      await s.append({ agent: 'rescuer' });
      await s.claim(await s.offer({ agent: 'rescuer' }), 'planner');
      expect(await s.claim(request, 'rescuer', once('take'))).toEqual({ ...first, replayed: true });
      expect(await s.claim(request, 'rescuer')).toMatchObject({
        replayed: true,
        handoff: { tookOver: first.handoff.tookOver, uptoSequence: 2 },
        session: { owner: 'planner', epoch: 3, lastSequence: 3 },
      });
      const read = await s.store.readHandoff({ namespace: s.namespace, handoffId: request.handoffId });
      expect(read.tookOver).toEqual(first.handoff.tookOver);
    });

    test('tells nothing of an owner that wrote nothing, and no entry of one that appended none', async (s) => {
      await s.createSession();
      const request = await s.askFor('rescuer');
      await s.advance(afterMs);
      const { handoff } = await s.claim(request, 'rescuer');
      const { createdAtMs } = await s.readSession();
      expect(handoff.tookOver).toEqual({ from: 'planner', lastSequence: undefined, lastWroteAtMs: createdAtMs });
      expect((await lastEntry(s))?.content).toMatch(
        new RegExp(`planner last wrote at ${isoTime(createdAtMs)}, and appended no entry since it became the owner.$`),
      );
      // The planner owns the session again by a return, which is no call of its own.
      const offer = await s.offer({ agent: 'rescuer' });
      await s.claim(offer, 'implementer');
      await s.resolve(offer, 'returned', 'implementer');
      expect((await s.readSession()).ownerWroteAtMs).toBeUndefined();
      const second = await s.askFor('planner');
      await s.advance(afterMs);
      const taken = await s.claim(second, 'planner');
      expect(taken.handoff.tookOver).toEqual({ from: 'rescuer', lastSequence: undefined, lastWroteAtMs: undefined });
      const entry = await lastEntry(s);
      expect(entry?.content).toMatch(/\nAs far as is known, rescuer wrote nothing since it became the owner.$/);
      expect(entry?.metadata).toEqual({
        takeOver: { from: 'rescuer', by: 'requester', handoffId: second.handoffId },
      });
    });

    test('lets one of several requesters win, and cancels all other handoffs of ownership', async (s) => {
      await s.createSession();
      const offer = await s.offer();
      const shared = await s.offer({ requestType: 'context_transfer' });
      const requests = await Promise.all(['first', 'second', 'third'].map((agent) => s.askFor(agent)));
      await s.advance(afterMs);
      const claims = await Promise.allSettled(
        requests.map((request) => s.claim(request, request.requestingAgent, undefined)),
      );
      const codes = claims.map((claim) =>
        claim.status === 'rejected' ? (claim.reason as { code: string }).code : 'won',
      );
      expect(codes.toSorted()).toEqual(['HANDOFF_NOT_PENDING', 'HANDOFF_NOT_PENDING', 'won']);
      const session = await s.readSession();
      expect(session).toMatchObject({ epoch: 2, lastSequence: 1 });
      const statusOf = async ({ handoffId }: HandoffRecord): Promise<string> =>
        (await s.store.readHandoff({ namespace: s.namespace, handoffId })).status;
      expect(await statusOf(offer)).toBe('cancelled');
      expect(await statusOf(shared)).toBe('pending');
      expect((await Promise.all(requests.map(statusOf))).toSorted()).toEqual(['accepted', 'cancelled', 'cancelled']);
    });

    test('gives an expired session to an agent that can extend it', async (s) => {
      await s.createSession({ ttlMs: marginMs });
      await s.advance(marginMs);
      const request = await s.askFor('rescuer');
      await s.advance(afterMs);
      const before = await s.readSession();
      const { session } = await s.claim(request, 'rescuer');
      expect(session).toMatchObject({ owner: 'rescuer', epoch: 2, lastSequence: 1 });
      expect(session.lastActivityAtMs).toBe(before.lastActivityAtMs);
      await expectRefusal(s.append({ agent: 'rescuer' }), 'SESSION_EXPIRED');
      await s.updateSession({ agent: 'rescuer', ttlMs: dayMs });
      expect(await s.append({ agent: 'rescuer' })).toMatchObject({ sequence: 2, epoch: 2 });
    });

    test('is refused in a closed session, and after the request has lapsed', async (s) => {
      const request = await silentOwner(s);
      const short = await s.askFor('rescuer', { expiresInMs: marginMs });
      await s.updateSession({ state: 'completed' });
      await s.advance(afterMs);
      await expectRefusal(s.claim(request, 'rescuer'), 'SESSION_NOT_ACTIVE');
      await expectRefusal(s.claim(short, 'rescuer'), 'HANDOFF_EXPIRED');
      await s.updateSession({ state: 'active' });
      await s.advance(afterMs);
      expect((await s.claim(request, 'rescuer')).session.owner).toBe('rescuer');
    });

    test('forgets what was known of the former owner', async (s) => {
      await s.claim(await silentOwner(s), 'rescuer');
      const { takenOverAtMs } = await s.readSession();
      expect(takenOverAtMs).toBeDefined();
      await s.claim(await s.offer({ agent: 'rescuer' }), 'implementer');
      const session = await s.readSession();
      expect(session.takenOverAtMs).toBeUndefined();
      expect(session.ownerLastSequence).toBeUndefined();
      expect(session.ownerWroteAtMs).toBe(session.lastActivityAtMs);
      const { details } = await expectRefusal(s.append({ agent: 'rescuer' }), 'OWNERSHIP_LOST');
      expect(details).not.toHaveProperty('takenOverAt');
    });

    test('is completed by the new owner, or left as it is, and not returned', async (s) => {
      const request = await silentOwner(s);
      await s.claim(request, 'rescuer');
      await expectRefusal(s.resolve(request, 'returned', 'rescuer'), 'HANDOFF_NOT_PENDING');
      await expectRefusal(s.resolve(request, 'completed', 'planner'), 'FORBIDDEN');
      expect((await s.resolve(request, 'completed', 'rescuer')).handoff.status).toBe('completed');
      expect(await s.readSession()).toMatchObject({ owner: 'rescuer', epoch: 2 });
    });

    test('and a write of the owner at the deadline exclude each other', async (s) => {
      for (let round = 0; round < 6; round += 1) {
        const sessionKey = `race-${round}`;
        await s.createSession({ sessionKey });
        const request = await s.askFor('rescuer', { sessionKey });
        await s.advance(afterMs);
        const [claim, append] = await Promise.allSettled([
          s.claim(request, 'rescuer'),
          s.append({ sessionKey, content: 'just in time' }),
        ]);
        const session = await s.readSession(sessionKey);
        if (append.status === 'fulfilled') {
          expect(claim).toMatchObject({ reason: { code: 'TAKE_OVER_TOO_EARLY' } });
          expect(session).toMatchObject({ owner: 'planner', epoch: 1, lastSequence: 1 });
        } else {
          expect(append).toMatchObject({ reason: { code: 'OWNERSHIP_LOST' } });
          expect(claim).toMatchObject({ value: { handoff: { tookOver: { from: 'planner' } } } });
          expect(session).toMatchObject({ owner: 'rescuer', epoch: 2, lastSequence: 1 });
        }
      }
    });
  });
}
