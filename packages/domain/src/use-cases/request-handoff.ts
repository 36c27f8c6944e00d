import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { handoffSchema, requestTypeSchema } from '../model/handoff.js';
import { storableObject, storableText } from '../model/json.js';
import { sessionKeySchema, targetAgentSchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import { changedRecordBytes, smallestRecordBytes } from '../rules/answers/answer-budget.js';
import { jsonBytes } from '../rules/answers/fit-entry.js';
import { fitHandoff } from '../rules/answers/fit-handoff.js';
import { limits } from '../rules/limits.js';
import { presentHandoff } from '../rules/answers/present.js';
import { isoTime } from '../rules/text/iso-time.js';
import { defineUseCase, fenceArguments, mutationArguments } from './use-case.js';

/**
 * Offers the session to another agent, or asks its owner for it by a `take_over`. No rights move before an agent
 * accepts.
 */
export const requestHandoff = defineUseCase({
  name: 'requestHandoff',
  input: z.strictObject({
    ...mutationArguments,
    sessionKey: sessionKeySchema,
    /** An agent, or `role:NAME`. Default: any agent may accept. A `take_over` always asks the owner. */
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
  result: z.strictObject({
    note: z.string(),
    /** Present if the target was never seen in this namespace. The offer is made all the same. */
    hint: z.string().optional(),
    handoff: handoffSchema,
    /** Of a `take_over`: when the requester may accept it, if the owner does not write before. */
    acceptableAt: z.iso.datetime().optional(),
    replayed: z.literal(true).optional(),
  }),
  async run({ store, settings, namespace, agent, project, idempotency, count, publish, hintFor }, input) {
    const { sessionKey, targetAgent, requestType, summary, instructions, requestData, expiresInSeconds, epoch } = input;
    const requester = agent();
    // At the same time as the offer, so that it takes no longer.
    const hinting =
      targetAgent === undefined ? undefined : hintFor({ store, namespace, target: targetAgent, requester });
    const { handoff, replayed } = await store.createHandoff({
      namespace,
      agent: requester,
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
      takeOverBy: settings.takeOverBy,
      callerProject: requestType === 'take_over' ? await project() : undefined,
    });
    if (!replayed) {
      count({ kind: 'handoff_processed', requestType, event: 'requested' });
      publish({ kind: 'handoff_offered', namespace, targetAgent: handoff.targetAgent, project: handoff.project });
      publish({ kind: 'session_changed', namespace, sessionKey });
    }
    const hint = await hinting;
    const hintBytes = hint === undefined ? 0 : jsonBytes({ hint });
    const recordBytes = Math.max(changedRecordBytes - hintBytes, smallestRecordBytes);
    return {
      note: recordedNote,
      ...(hint !== undefined && { hint }),
      handoff: fitHandoff(presentHandoff(handoff), recordBytes),
      ...(requestType === 'take_over' && { acceptableAt: isoTime(handoff.createdAtMs + settings.takeOverAfterMs) }),
      ...(replayed && { replayed }),
    };
  },
});
