import type { Agent } from './agent.js';
import { milliseconds, tell } from './story.js';

interface Offer {
  readonly handoffId: string;
  readonly sessionKey: string;
  readonly requestingAgent: string;
  readonly summary: string;
  readonly createdAt: string;
}

interface Inbox {
  readonly handoffs: readonly Offer[];
  readonly cursor: string;
}

const roles = ['reviewer'];
const leaseSeconds = 60;

/** The reviewer's place in the list of offers, and the call that waits for the next one. */
let cursor: string | undefined;
let arriving: Promise<{ readonly offer: Offer; readonly wakeUpMs: number }> | undefined;

/** Asks for an offer to its role that it has not seen yet, and does not wait for the answer here. */
export async function waitForWork(reviewer: Agent): Promise<void> {
  arriving = nextOffer(reviewer);
  tell(
    reviewer.name,
    cursor === undefined ? 'is idle, and waits for work for role:reviewer' : 'waits for the next offer',
  );
}

async function nextOffer(reviewer: Agent): Promise<{ offer: Offer; wakeUpMs: number }> {
  const inbox = await reviewer.call<Inbox>('listHandoffs', { roles, waitSeconds: 30, ...(cursor && { cursor }) });
  const [offer] = inbox.handoffs;
  if (offer === undefined) throw new Error('nothing came');
  cursor = inbox.cursor;
  return { offer, wakeUpMs: Date.now() - Date.parse(offer.createdAt) };
}

/** Accepts the offer with a lease. If this process dies, the session returns to the implementer. */
async function take(reviewer: Agent): Promise<Offer> {
  if (arriving === undefined) throw new Error('No call waits for an offer');
  const { offer, wakeUpMs } = await arriving;
  tell(reviewer.name, `wakes up ${milliseconds(wakeUpMs)} after the offer: “${offer.summary}”`);
  const { session } = await reviewer.call<{ session: { epoch: number } }>('acceptHandoff', {
    handoffId: offer.handoffId,
    leaseSeconds,
  });
  tell(reviewer.name, `takes it at epoch ${session.epoch}, on a lease of ${leaseSeconds} s that every write renews`);
  return offer;
}

/** Records a finding, and returns the session. */
export async function returnWork(reviewer: Agent): Promise<void> {
  const { handoffId, sessionKey } = await take(reviewer);
  const { sequence } = await reviewer.call<{ sequence: number }>('updateContext', {
    sessionKey,
    contextType: 'message',
    content: 'Finding: no entry says which decision to look at first.',
    pinned: true,
  });
  const reason = `See the finding in entry ${sequence}.`;
  await reviewer.call('resolveHandoff', { handoffId, outcome: 'returned', reason });
  tell(reviewer.name, `pins a finding as entry ${sequence}, and returns the session: “${reason}”`);
}

/** Completes the handoff, and closes the session, which it owns now. */
export async function approveWork(reviewer: Agent): Promise<void> {
  const { handoffId, sessionKey } = await take(reviewer);
  await reviewer.call('resolveHandoff', { handoffId, outcome: 'completed', result: { approved: true } });
  await reviewer.call('updateSession', { sessionKey, status: 'completed' });
  tell(reviewer.name, 'approves: completes the handoff, and closes the session');
}
