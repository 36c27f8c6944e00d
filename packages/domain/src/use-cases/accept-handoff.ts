import { z } from 'zod';
import { afterWriting } from '../errors.js';
import { briefingSchema } from '../model/briefing.js';
import { handoffIdSchema, handoffSchema, type Handoff } from '../model/handoff.js';
import { sessionSchema } from '../model/session.js';
import { briefingReadLimits, composeBriefing } from '../rules/compose-briefing.js';
import { limits } from '../rules/limits.js';
import { presentHandoff, presentSession } from '../rules/present.js';
import { briefingBudget } from './get-briefing.js';
import { defineUseCase, mutationArguments } from './use-case.js';

/**
 * Accepts an offer: exactly one acceptor wins, and gets the session with its epoch and briefing. Should the answer get
 * lost, the same call gives it again.
 */
export const acceptHandoff = defineUseCase({
  name: 'acceptHandoff',
  input: z.strictObject({
    ...mutationArguments,
    handoffId: handoffIdSchema,
    /** Write at least this often, or a `full_handoff` goes back to its requester. Absent: it never does by itself. */
    leaseSeconds: z.int().min(1).max(limits.leaseSeconds).optional(),
    maxTokens: briefingBudget,
  }),
  result: z.strictObject({
    handoff: handoffSchema,
    session: sessionSchema,
    briefing: briefingSchema,
    replayed: z.literal(true).optional(),
  }),
  async run(
    { store, settings, namespace, agent, idempotency, count, publish, process },
    { handoffId, leaseSeconds, maxTokens },
  ) {
    const { handoff, session, replayed } = await store.claimHandoff({
      namespace,
      agent: agent(),
      idempotency,
      handoffId,
      claimant: process,
      leaseMs: leaseSeconds === undefined ? undefined : leaseSeconds * 1000,
    });
    const { sessionKey, uptoSequence, requestType } = handoff;
    if (!replayed) {
      count({ kind: 'handoff_processed', requestType, event: 'accepted' });
      publish({ kind: 'session_changed', namespace, sessionKey });
    }
    const source = await afterWriting(
      store.readBriefing({ namespace, sessionKey, uptoSequence, ...briefingReadLimits(maxTokens) }),
    );
    const briefing = composeBriefing(source, maxTokens, handoff);
    return {
      handoff: withoutRepeats(presentHandoff(handoff), briefing.text),
      session: presentSession(session, settings.dormantAfterMs),
      briefing,
      ...(replayed && { replayed }),
    };
  },
});

/** The summary and instructions open the briefing; a reader should not pay for them twice. */
function withoutRepeats(handoff: Handoff, text: string): Handoff {
  const { summary, instructions, ...rest } = handoff;
  return {
    ...rest,
    ...(summary !== undefined && !text.includes(summary) && { summary }),
    ...(instructions !== undefined && !text.includes(instructions) && { instructions }),
  };
}
