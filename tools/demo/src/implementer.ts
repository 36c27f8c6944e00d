import type { Agent } from './agent.js';
import { bytes, milliseconds, tell } from './story.js';

interface Entry {
  readonly sequence: number;
  readonly content: string;
  readonly pinned?: true;
}

interface Acceptance {
  readonly session: { readonly owner: string; readonly epoch: number; readonly lastSequence: number };
  readonly briefing: {
    readonly text: string;
    readonly entries: readonly Entry[];
    readonly omitted: { readonly entries: number; readonly estimatedTokens: number };
    readonly estimatedTokens: number;
    readonly nextCursor?: string;
  };
}

const maxTokens = 4000;

/** Finds the offer in its inbox, accepts it, reads on from the briefing, and goes on with the work. */
export async function takeOver(implementer: Agent, sessionKey: string): Promise<void> {
  const { handoffs } = await implementer.call<{
    handoffs: { handoffId: string; requestingAgent: string; summary: string }[];
  }>('listHandoffs', {});
  const [offer] = handoffs;
  if (offer === undefined) throw new Error('the inbox is empty');
  tell(
    implementer.name,
    `looks into its inbox (its server is process ${implementer.serverPid}): ${handoffs.length} offer`,
  );
  tell(implementer.name, `  from ${offer.requestingAgent}: “${offer.summary}”`);

  const started = performance.now();
  const { session, briefing } = await implementer.call<Acceptance>('acceptHandoff', {
    handoffId: offer.handoffId,
    maxTokens,
  });
  tell(
    implementer.name,
    `accepts in ${milliseconds(performance.now() - started)}: now ${session.owner} owns it, at epoch ${session.epoch}`,
  );
  describeBriefing(implementer.name, briefing);
  await readOn(implementer, sessionKey, briefing.nextCursor);

  const appended = await implementer.call<{ sequence: number }>('updateContext', {
    sessionKey,
    contextType: 'message',
    content: 'Taken over. The decisions agree with the code; next: the reviewer.',
  });
  tell(implementer.name, `appends entry ${appended.sequence}: the log goes on without a gap`);
  // After this, `unread` returns only what others add.
  await implementer.call('getContext', { sessionKey, unread: true, ackSequence: appended.sequence });
}

function describeBriefing(name: string, briefing: Acceptance['briefing']): void {
  const pinned = briefing.entries.filter((entry) => entry.pinned).length;
  tell(
    name,
    `reads its briefing: ${bytes(Buffer.byteLength(JSON.stringify(briefing)))}, ${briefing.estimatedTokens} of ${maxTokens} tokens`,
  );
  tell(
    name,
    `  ${pinned} pinned entries and the ${briefing.entries.length - pinned} newest; ` +
      `${briefing.omitted.entries} older ones (about ${briefing.omitted.estimatedTokens} tokens) left for later`,
  );
  for (const line of briefing.text.split('\n').filter((text) => text !== '')) tell(name, `  │ ${line}`);
}

async function readOn(implementer: Agent, sessionKey: string, nextCursor: string | undefined): Promise<void> {
  const started = performance.now();
  let pages = 0;
  let entries = 0;
  for (let cursor = nextCursor; cursor !== undefined; pages += 1) {
    const page = await implementer.call<{ entries: Entry[]; nextCursor?: string }>('getContext', {
      sessionKey,
      cursor,
      limit: 100,
      maxTokens: 20_000,
    });
    entries += page.entries.length;
    cursor = page.nextCursor;
  }
  tell(
    implementer.name,
    `reads on by cursor, back to the first entry: ${entries} entries on ${pages} pages in ${milliseconds(performance.now() - started)}`,
  );
}

/** Offers the session to the first agent with the role. */
export async function requestReview(implementer: Agent, sessionKey: string): Promise<void> {
  await offerToReviewers(implementer, sessionKey, 'Please review: the decisions agree with the code.');
}

async function offerToReviewers(implementer: Agent, sessionKey: string, summary: string): Promise<void> {
  tell(implementer.name, 'offers the session to role:reviewer');
  await implementer.call('requestHandoff', {
    sessionKey,
    targetAgent: 'role:reviewer',
    requestType: 'full_handoff',
    summary,
    instructions: 'Complete it if you agree; return it with a reason if you do not.',
  });
}

/** Learns why the session came back, reads only its new entries, and offers it again. */
export async function improve(implementer: Agent, sessionKey: string): Promise<void> {
  const { handoffs } = await implementer.call<{ handoffs: { reason: string }[] }>('listHandoffs', {
    direction: 'outbox',
    status: 'returned',
  });
  const { session } = await implementer.call<{ session: { owner: string; epoch: number } }>('registerSession', {
    sessionKey,
    ifExists: 'resume',
  });
  tell(implementer.name, `finds it returned (“${handoffs.at(-1)?.reason}”), and resumes it at epoch ${session.epoch}`);
  const { entries } = await implementer.call<{ entries: Entry[] }>('getContext', { sessionKey, unread: true });
  tell(
    implementer.name,
    `reads what is new: ${entries.map(({ sequence, content }) => `${sequence}, “${content}”`).join('; ')}`,
  );
  await implementer.call('updateContext', {
    sessionKey,
    contextType: 'message',
    content: 'Look first at how ownership is fenced: everything else rests on it.',
    pinned: true,
  });
  await offerToReviewers(implementer, sessionKey, 'The finding is answered, and the answer pinned.');
}

/** Completes the handoffs that the implementer accepted. */
export async function complete(implementer: Agent): Promise<void> {
  const { handoffs } = await implementer.call<{ handoffs: { handoffId: string }[] }>('listHandoffs', {
    status: 'accepted',
  });
  for (const { handoffId } of handoffs) {
    await implementer.call('resolveHandoff', { handoffId, outcome: 'completed', result: { reviewed: true } });
  }
  tell(implementer.name, "hears that the review is through, and completes the planner's handoff");
}
