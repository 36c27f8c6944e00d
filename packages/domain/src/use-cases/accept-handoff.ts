import { z } from 'zod';
import { afterWriting } from '../errors.js';
import { briefingSchema } from '../model/briefing.js';
import { handoffIdSchema, handoffSchema } from '../model/handoff.js';
import { recordedNote } from '../model/recorded-note.js';
import { sessionSchema } from '../model/session.js';
import { tookOverSchema } from '../model/take-over.js';
import { answerBudget, smallestRecordBytes } from '../rules/answers/answer-budget.js';
import { briefingReadLimits, composeBriefing } from '../rules/briefing/compose-briefing.js';
import { bytesWithin } from '../rules/text/estimate-tokens.js';
import { jsonBytes } from '../rules/answers/fit-entry.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { fitSession } from '../rules/answers/fit-session.js';
import { limits } from '../rules/limits.js';
import { presentHandoff, presentSession, presentTookOver } from '../rules/answers/present.js';
import { defineUseCase, mutationArguments } from './use-case.js';

/** The most that the handoff and the session take of the answer, unless very long names need more. */
const handoffShare = 1 / 4;
const sessionShare = 1 / 8;

/**
 * Accepts an offer, or takes a session over by a `take_over` that the agent requested. Exactly one acceptor wins, and
 * gets the session with its epoch and a briefing. If the answer gets lost, the same call returns it again.
 */
export const acceptHandoff = defineUseCase({
  name: 'acceptHandoff',
  input: z.strictObject({
    ...mutationArguments,
    handoffId: handoffIdSchema,
    /**
     * If the acceptor of a `full_handoff` does not write at least this often, the session goes back to the requester.
     * Default: it never does.
     */
    leaseSeconds: z.int().min(1).max(limits.leaseSeconds).optional(),
    maxTokens: answerBudget(4000, limits.minAcceptanceTokens),
  }),
  result: z.strictObject({
    note: z.string(),
    handoff: handoffSchema,
    session: sessionSchema,
    /** Present if the handoff is a `take_over`: what the former owner wrote last. */
    tookOver: tookOverSchema.optional(),
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
      takeOverAfterMs: settings.takeOverAfterMs,
    });
    const { sessionKey, uptoSequence, requestType } = handoff;
    if (!replayed) {
      count({ kind: 'handoff_processed', requestType, event: 'accepted' });
      publish({ kind: 'session_changed', namespace, sessionKey });
    }
    const source = await afterWriting(
      store.readBriefing({ namespace, sessionKey, uptoSequence, ...briefingReadLimits(maxTokens) }),
    );
    const budget = bytesWithin(maxTokens);
    const shareOf = (share: number): number => Math.max(budget * share, smallestRecordBytes);
    const offer = presentHandoff(handoff);
    // The briefing has both: readers should not pay for them twice.
    delete offer.summary;
    delete offer.instructions;
    const answer = {
      note: recordedNote,
      handoff: fitHandoff(offer, shareOf(handoffShare)),
      session: fitSession(presentSession(session, settings), shareOf(sessionShare), agent()),
      ...(handoff.tookOver !== undefined && { tookOver: presentTookOver(handoff.tookOver) }),
    };
    // Leaves room for `replayed`, so that a repeated call returns the same briefing.
    const bytes = budget - jsonBytes({ ...answer, briefing: 0, replayed: true });
    return { ...answer, briefing: composeBriefing(source, bytes, handoff), ...(replayed && { replayed }) };
  },
});
