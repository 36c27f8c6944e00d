import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeAcceptance } from './acceptance.js';
import { describeAgents } from './agents.js';
import { describeEntries } from './entries.js';
import { describeHandoffs } from './handoffs.js';
import { describeCollaborations } from './ownership/collaborations.js';
import { describeClock } from './clock.js';
import { describeDeletion } from './deletion.js';
import { describeInboxes } from './inboxes.js';
import { describeIsolation } from './isolation.js';
import { describeLapses } from './ownership/lapses.js';
import { describeLeases } from './ownership/leases.js';
import { describeFencing } from './ownership/fencing.js';
import { describeOperators } from './ownership/operators.js';
import { describeOwnership } from './ownership/ownership.js';
import { describeMarks } from './marks.js';
import { describeNumbers } from './numbers.js';
import { describeProjectLists } from './projects/project-lists.js';
import { describeProjects } from './projects/projects.js';
import { describeSessions } from './sessions.js';
import { describeTakeOverRequests } from './ownership/take-over-requests.js';
import { describeTakeOvers } from './ownership/take-overs.js';
import { describeTails } from './tails.js';
import type { StoreHarness } from '../harness/store-harness.js';
import { scenarioTest, StoreScenario } from '../store-scenario.js';

/**
 * Declares the tests of the contract that every `Store` keeps. There are no options, because an engine may leave
 * nothing out.
 */
export function describeStoreContract(engine: string, open: () => Promise<StoreHarness>): void {
  describe(`store contract: ${engine}`, () => {
    let harness: StoreHarness;
    beforeAll(async () => {
      harness = await open();
    });
    afterAll(() => harness.close());

    const test = scenarioTest(() => harness);
    describeSessions(test);
    describeEntries(test);
    describeTails(test);
    describeHandoffs(test);
    describeAcceptance(test);
    describeLeases(test);
    describeLapses(test);
    describeOwnership(test);
    describeCollaborations(test);
    describeTakeOvers(test);
    describeOperators(test);
    describeTakeOverRequests(test);
    describeFencing(test);
    describeMarks(test);
    describeNumbers(test);
    describeInboxes(test);
    describeProjects(test);
    describeProjectLists(test);
    describeAgents(test);
    describeDeletion(test);
    describeIsolation(test);
    describeClock(test);

    it('answers pings', async () => {
      await expect(harness.store.ping()).resolves.toBeUndefined();
    });
  });

  describe(`store contract: closing ${engine}`, () => {
    it('finishes the calls under way, then refuses calls', async () => {
      const harness = await open();
      const scenario = new StoreScenario(harness);
      await scenario.createSession();
      const appends = [scenario.append(), scenario.append()];
      await harness.store.close();
      const sequences = (await Promise.all(appends)).map(({ sequence }) => sequence);
      expect(sequences.toSorted((a, b) => a - b)).toEqual([1, 2]);
      const refused = {
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(/Nothing was written/) as string,
        details: { written: 'no' },
      };
      const calls = await Promise.allSettled([scenario.append(), harness.store.ping()]);
      expect(calls).toMatchObject([{ reason: refused }, { reason: refused }]);
      await harness.close();
    });
  });
}
