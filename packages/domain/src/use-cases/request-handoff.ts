import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { handoffSchema, requestTypeSchema } from '../model/handoff.js';
import { storableObject, storableText } from '../model/json.js';
import { sessionKeySchema, targetAgentSchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import { changedRecordBytes } from '../rules/answers/answer-budget.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { limits } from '../rules/limits.js';
import { presentHandoff } from '../rules/answers/present.js';
import { defineUseCase, fenceArguments, mutationArguments } from './use-case.js';

/** Offers the session to another agent. No rights move before an agent accepts. */
export const requestHandoff = defineUseCase({
  name: 'requestHandoff',
  input: z.strictObject({
    ...mutationArguments,
    sessionKey: sessionKeySchema,
    /** An agent, or `role:NAME`. Default: any agent may accept. */
    targetAgent: targetAgentSchema.optional(),
    /**
     * `full_handoff` moves ownership, and fences the requester out. `collaboration` lets the acceptor write too.
     * `context_transfer` only shares.
     */
    requestType: requestTypeSchema,
    /** Goal, state, decisions and open questions. At most 16,384 bytes. */
    summary: storableText(limits.summaryBytes).min(1).optional(),
    /** What to do next. At most 16,384 bytes. */
    instructions: storableText(limits.instructionsBytes).min(1).optional(),
    /** Data for programs, as a JSON object of at most 65,536 bytes. */
    requestData: storableObject(limits.requestDataBytes).optional(),
    /** How long the offer stays pending. Default: the deployment's default. */
    expiresInSeconds: z.int().min(1).max(limits.ttlSeconds).optional(),
    ...fenceArguments,
  }),
  result: z.strictObject({ note: z.string(), handoff: handoffSchema, replayed: z.literal(true).optional() }),
  async run({ store, settings, namespace, agent, idempotency, count, publish }, input) {
    const { sessionKey, targetAgent, requestType, summary, instructions, requestData, expiresInSeconds, epoch } = input;
    const { handoff, replayed } = await store.createHandoff({
      namespace,
      agent: agent(),
      idempotency,
      sessionKey,
      handoffId: randomUUID(),
      requestType,
      targetAgent,
      summary,
      instructions,
      requestData,
      expiresInMs: expiresInSeconds === undefined ? settings.handoffTtlMs : expiresInSeconds * 1000,
      epoch,
    });
    if (!replayed) {
      count({ kind: 'handoff_processed', requestType, event: 'requested' });
      publish({ kind: 'handoff_offered', namespace, targetAgent });
      publish({ kind: 'session_changed', namespace, sessionKey });
    }
    return {
      note: recordedNote,
      handoff: fitHandoff(presentHandoff(handoff), changedRecordBytes),
      ...(replayed && { replayed }),
    };
  },
});
