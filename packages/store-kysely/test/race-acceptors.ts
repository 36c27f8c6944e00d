import type { Store } from '@org/domain';
import { expect } from 'vitest';
import { createWork, offerWork, work } from './requests.js';

/** Lets agents of several stores race for one offer to a role, again and again: exactly one must win each time. */
export async function raceAcceptors(
  stores: readonly Store[],
  { rounds, acceptors }: { readonly rounds: number; readonly acceptors: number },
): Promise<void> {
  const { namespace } = work;
  const [first] = stores as [Store];
  await first.createSession(createWork);
  for (let round = 1; round <= rounds; round += 1) {
    const handoffId = `round-${round}`;
    const { owner: agent } = await first.readSession(work);
    await first.createHandoff(offerWork(handoffId, { agent, targetAgent: 'role:builder' }));
    const claims = await Promise.allSettled(
      Array.from({ length: acceptors }, (_, index) => {
        const store = stores[index % stores.length] as Store;
        return store.claimHandoff({ namespace, handoffId, agent: `agent-${round}-${index}` });
      }),
    );
    const codes = claims.map((claim) =>
      claim.status === 'fulfilled' ? 'won' : (claim.reason as { code: string }).code,
    );
    expect(codes.toSorted()).toEqual([...Array.from({ length: acceptors - 1 }, () => 'HANDOFF_CLAIMED'), 'won']);
    const winner = claims.find(({ status }) => status === 'fulfilled');
    const session = await first.readSession(work);
    expect(winner).toMatchObject({ value: { session: { owner: session.owner, epoch: round + 1 } } });
  }
}
