import { ContextStoreError, limits, offerTypes, type AppendEntry, type ClaimedHandoff, type Store } from '@org/domain';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkHistory } from '../history/check-history.js';
import { createHistoryRecorder, type HistoryRecorder } from '../history/record-history.js';
import type { StoreHarness } from '../harness/store-harness.js';
import { once, StoreScenario } from '../store-scenario.js';

/** Several stores over the same data, in different processes or connection pools if the engine allows. */
export interface SharedStores extends Pick<StoreHarness, 'advance' | 'close'> {
  readonly stores: readonly [Store, ...Store[]];
}

export interface ConcurrencyOptions {
  /** How often each race runs. The environment variable `CONCURRENCY_ROUNDS` overrides it. Default: 10. */
  readonly rounds?: number | undefined;
}

const acceptors = 64;
const leaseMs = 60_000;

/** Declares tests that race agents over several stores, and then check the whole history. */
export function describeConcurrency(
  engine: string,
  open: () => Promise<SharedStores>,
  options: ConcurrencyOptions = {},
): void {
  const rounds = Number(process.env['CONCURRENCY_ROUNDS'] ?? options.rounds ?? 10);
  const timeoutMs = 30_000 + rounds * 5000;

  describe(`store concurrency: ${engine}`, { timeout: timeoutMs }, () => {
    let shared: SharedStores;
    let recorder: HistoryRecorder;
    let race: Race;
    beforeAll(async () => {
      shared = await open();
    });
    afterAll(() => shared.close());
    beforeEach(() => {
      recorder = createHistoryRecorder();
      race = new Race(shared.stores.map(recorder.watch), shared.advance);
    });
    afterEach(async () => {
      expect(checkHistory(await recorder.history(shared.stores[0]))).toEqual([]);
    });

    it('keeps each append once, however often and on whichever store it is tried', async () => {
      await race.next().createSession();
      const writers = Array.from({ length: 8 }, (_, index) => `writer-${index}`);
      for (const writer of writers) await race.invite(writer);
      await Promise.all(
        writers.map(async (agent) => {
          for (let turn = 0; turn < rounds; turn += 1) {
            const append = { agent, content: `${agent}/${turn}`, idempotency: once(`${turn}`) };
            const tries = await Promise.all([1, 2, 3].map(() => race.next().append(append)));
            // Retries after a lost answer.
            tries.push(await race.next().append(append));
            expect(new Set(tries.map(({ sequence }) => sequence)).size).toBe(1);
            expect(tries.filter(({ replayed }) => !replayed)).toHaveLength(1);
          }
        }),
      );
      expect((await race.next().readSession()).lastSequence).toBe(writers.length * rounds);
    });

    it(`lets one of ${acceptors} acceptors win, each time`, async () => {
      for (let round = 0; round < rounds; round += 1) {
        const sessionKey = `round-${round}`;
        await race.next().createSession({ sessionKey });
        const requestType = offerTypes[round % offerTypes.length] ?? 'full_handoff';
        const offer = await race.next().offer({ sessionKey, targetAgent: 'role:builder', requestType });
        const claims = await Promise.all(
          Array.from({ length: acceptors }, (_, index) => refusable(race.next().claim(offer, `acceptor-${index}`))),
        );
        expect(claims.filter((claim) => claim !== 'HANDOFF_CLAIMED')).toHaveLength(1);
      }
    });

    it('refuses all writes past the fence while a session is handed on and on', async () => {
      const agents = ['planner', 'first', 'second', 'third'];
      await race.next().createSession();
      for (let round = 0; round < rounds; round += 1) {
        const { owner, epoch } = await race.next().readSession();
        const offer = await race.next().offer({ agent: owner });
        const others = agents.filter((agent) => agent !== owner);
        await Promise.all([
          ...agents.map((agent) => race.writeOn(agent, 6)),
          race.writeOn(owner, 6, epoch),
          ...others.map((agent) => refusable(race.next().claim(offer, agent))),
        ]);
        expect((await race.next().readSession()).epoch).toBe(epoch + 1);
      }
    });

    it('moves a session back and forth while leases lapse in between', async () => {
      const agents = ['first', 'second', 'third'];
      await race.next().createSession();
      const offer = await race.next().offer({ targetAgent: 'role:builder', expiresInMs: 1000 * leaseMs * rounds });
      for (let round = 0; round < rounds; round += 1) {
        const took = await Promise.all(agents.map((agent) => refusable(race.claim(offer, agent))));
        expect(took.filter((claim) => typeof claim === 'object' && !claim.replayed)).toHaveLength(1);
        await Promise.all(agents.map((agent) => race.writeOn(agent, 3)));
        await Promise.all([
          ...['planner', ...agents].map((agent) => race.writeOn(agent, 6)),
          shared.advance(leaseMs),
          ...agents.map((agent) => refusable(race.claim(offer, agent))),
        ]);
        // The lease of the current owner lapses.
        await shared.advance(leaseMs);
        expect((await race.next().readSession()).owner).toBe('planner');
      }
    });

    it('lets one of several requesters take a session over, and no owner write past it', async () => {
      const agents = ['planner', 'first', 'second', 'third'];
      await race.next().createSession();
      for (let round = 0; round < rounds; round += 1) {
        const { owner, epoch } = await race.next().readSession();
        const requests = await Promise.all(
          agents.filter((agent) => agent !== owner).map((agent) => race.next().askFor(agent)),
        );
        await shared.advance(limits.takeOverAfterMs);
        // In every second round the owner gives a sign of life at the deadline.
        const taken = await Promise.all([
          ...(round % 2 === 0 ? [] : [race.writeOn(owner, 2)]),
          ...requests.map((request) => refusable(race.next().claim(request, request.requestingAgent))),
        ]);
        // An operator gives the session away while all of them write.
        const { owner: taker } = await race.next().readSession();
        const heir = agents.find((agent) => agent !== taker) ?? 'planner';
        await Promise.all([...agents.map((agent) => race.writeOn(agent, 3)), race.give(heir)]);
        await Promise.all(agents.map((agent) => race.writeOn(agent, 2)));
        const won = taken.filter((claim) => typeof claim === 'object').length;
        expect(won).toBeLessThanOrEqual(1);
        expect(won).toBeGreaterThanOrEqual(round % 2 === 0 ? 1 : 0);
        expect((await race.next().readSession()).epoch).toBe(epoch + won + 1);
      }
    });

    it('refuses all writes of a participant that left, and of one that was removed', async () => {
      await race.next().createSession();
      for (let round = 0; round < rounds; round += 1) {
        const [stays, leaves, removed] = [`stays-${round}`, `leaves-${round}`, `removed-${round}`];
        const accepted = await Promise.all([stays, leaves, removed].map((agent) => race.invite(agent)));
        const [, left, ended] = accepted.map(({ handoff }) => handoff);
        await Promise.all([
          ...[stays, leaves, removed].map((agent) => race.writeOn(agent, 6)),
          left && race.next().resolve(left, 'returned', leaves),
          ended && race.next().resolve(ended, 'cancelled', 'planner'),
        ]);
        await Promise.all([stays, leaves, removed].map((agent) => race.writeOn(agent, 1)));
        const { participants } = await race.next().readSession();
        expect(participants).toContain(stays);
        expect(participants).not.toContain(leaves);
        expect(participants).not.toContain(removed);
      }
    });

    it('lets only that process of an agent end a handoff that accepted it', async () => {
      const agent = 'twin';
      const processes = ['first', 'second', 'third'];
      await race.next().createSession({ agent });
      for (let round = 0; round < rounds; round += 1) {
        const { epoch } = await race.next().readSession();
        const offer = await race.next().offer({ agent, targetAgent: agent });
        const claims = processes.map((claimant) => race.next().claim(offer, agent, undefined, leaseMs, claimant));
        const accepted = (await Promise.all(claims.map(refusable))).filter((claim) => typeof claim === 'object');
        const known = [...processes.map((claimant) => ({ claimant })), { epoch }, { epoch, claimant: 'fourth' }];
        const ends = known.flatMap((by) => [
          race.next().resolve(offer, 'returned', agent, by),
          race.next().resolve(offer, 'completed', agent, by),
        ]);
        const ended = (await Promise.all(ends.map(refusable))).flatMap((end, index) =>
          typeof end === 'object' ? [known[Math.floor(index / 2)]] : [],
        );
        expect(ended).toEqual(accepted.map(({ handoff: { claimant } }) => ({ claimant })));
      }
    });
  });
}

/** Uses the stores in turn, and makes contents that are all different. */
class Race {
  readonly #scenarios: readonly StoreScenario[];
  #turn = 0;
  #contents = 0;

  constructor(stores: readonly Store[], advance: SharedStores['advance']) {
    const namespace = new StoreScenario({ store: stores[0] as Store, advance }).namespace;
    this.#scenarios = stores.map((store) => Object.assign(new StoreScenario({ store, advance }), { namespace }));
  }

  next(): StoreScenario {
    this.#turn += 1;
    return this.#scenarios[this.#turn % this.#scenarios.length] as StoreScenario;
  }

  async invite(agent: string): Promise<ClaimedHandoff> {
    return this.next().claim(await this.next().offer({ requestType: 'collaboration' }), agent);
  }

  claim(offer: { handoffId: string }, agent: string): Promise<ClaimedHandoff & { replayed: boolean }> {
    return this.next().claim(offer, agent, undefined, leaseMs);
  }

  /** Gives the session to an agent, as an operator does. */
  async give(agent: string): Promise<void> {
    const { store, namespace, sessionKey } = this.next();
    await store.takeOverSession({ namespace, sessionKey, agent });
  }

  /** Appends several entries; goes on after refusals. */
  async writeOn(agent: string, times: number, epoch?: AppendEntry['epoch']): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      this.#contents += 1;
      await refusable(this.next().append({ agent, epoch, content: `${agent} ${this.#contents}` }));
    }
  }
}

/** Returns the answer, or the code of the refusal. */
async function refusable<T>(call: Promise<T>): Promise<T | string> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ContextStoreError) return error.code;
    throw error;
  }
}
