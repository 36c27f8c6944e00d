import { z } from 'zod';
import { handoffIdSchema, handoffOutcomeSchema, handoffSchema } from '../model/handoff.js';
import { storableObject, storableText } from '../model/json.js';
import { recordedNote } from '../model/recorded-note.js';
import { changedRecordBytes } from '../rules/answers/answer-budget.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { limits } from '../rules/limits.js';
import { presentHandoff } from '../rules/answers/present.js';
import { defineUseCase, fenceArguments, mutationArguments } from './use-case.js';

/**
 * Ends a handoff. Its acceptor completes or returns it, its target rejects it, and its requester cancels it. By a
 * `collaboration`, `returned` leaves the session, and the session's owner removes the participant with `cancelled`.
 */
export const resolveHandoff = defineUseCase({
  name: 'resolveHandoff',
  input: z.strictObject({
    ...mutationArguments,
    handoffId: handoffIdSchema,
    /** How it ends. `returned` gives a `full_handoff` back to the requester. */
    outcome: handoffOutcomeSchema,
    /** Why it ends like this. At most 2,048 bytes. */
    reason: storableText(limits.reasonBytes).min(1).optional(),
    /** What came of it: data for programs, as a JSON object of at most 65,536 bytes. */
    result: storableObject(limits.resultBytes).optional(),
    ...fenceArguments,
  }),
  result: z.strictObject({ note: z.string(), handoff: handoffSchema, replayed: z.literal(true).optional() }),
  async run({ store, namespace, agent, idempotency, count, publish, process }, input) {
    const { handoffId, outcome, reason, result, epoch } = input;
    const { handoff, replayed } = await store.resolveHandoff({
      namespace,
      agent: agent(),
      idempotency,
      handoffId,
      claimant: process,
      epoch,
      outcome,
      reason,
      result,
    });
    if (!replayed) {
      count({ kind: 'handoff_processed', requestType: handoff.requestType, event: outcome });
      publish({ kind: 'session_changed', namespace, sessionKey: handoff.sessionKey });
    }
    return {
      note: recordedNote,
      handoff: fitHandoff(presentHandoff(handoff), changedRecordBytes),
      ...(replayed && { replayed }),
    };
  },
});
