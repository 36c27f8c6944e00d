import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { contextTypeSchema } from '../model/entry.js';
import { storableObject, storableText } from '../model/json.js';
import { sessionKeySchema } from '../model/names.js';
import { takeOverSchema } from '../model/take-over.js';
import { presentTakeOver } from '../rules/answers/present.js';
import { estimateTokens } from '../rules/text/estimate-tokens.js';
import { isoTime } from '../rules/text/iso-time.js';
import { limits } from '../rules/limits.js';
import { defineUseCase, fenceArguments, mutationArguments } from './use-case.js';

/** Appends one entry to the session's log. Answers once the entry is durable. */
export const updateContext = defineUseCase({
  name: 'updateContext',
  input: z.strictObject({
    ...mutationArguments,
    sessionKey: sessionKeySchema,
    /**
     * `message`: something said or decided. `file`: a file or its path. `tool_call`: a call with its result. `system`:
     * something about the session itself.
     */
    contextType: contextTypeSchema,
    /** The text of the entry, within the option `maxContentBytes`. */
    content: storableText().min(1),
    metadata: storableObject(limits.metadataBytes).default({}),
    /** Pinned entries come first in every briefing. */
    pinned: z.boolean().default(false),
    /** Appends only if this is still the newest sequence; 0 for an empty log. */
    expectedSequence: z.int().min(0).optional(),
    ...fenceArguments,
  }),
  result: z.strictObject({
    sessionKey: sessionKeySchema,
    /** The place of the entry in the log: 1, 2, 3 … without gaps. */
    sequence: z.int(),
    /** When it was appended. ISO 8601 in UTC. */
    createdAt: z.iso.datetime(),
    /** UTF-8 bytes of its content. */
    contentBytes: z.int(),
    /** Estimated tokens of its content. */
    estimatedTokens: z.int(),
    /** The session's epoch at which it was written. */
    epoch: z.int(),
    /** Present while an agent asks for the session: see `session.takeOver`. Absent from a replayed answer. */
    takeOver: takeOverSchema.optional(),
    replayed: z.literal(true).optional(),
  }),
  async run({ store, settings, namespace, agent, idempotency, count, publish }, input) {
    const { sessionKey, contextType } = input;
    const contentBytes = Buffer.byteLength(input.content);
    if (contentBytes > settings.maxContentBytes) throw contentTooLarge(contentBytes, settings.maxContentBytes);
    const appended = await store.appendEntry({
      namespace,
      agent: agent(),
      idempotency,
      sessionKey,
      contextType,
      content: input.content,
      contentBytes,
      estimatedTokens: estimateTokens(contentBytes),
      metadata: input.metadata,
      pinned: input.pinned,
      expectedSequence: input.expectedSequence,
      epoch: input.epoch,
    });
    if (!appended.replayed) {
      count({ kind: 'context_entry_appended', contextType });
      publish({ kind: 'session_changed', namespace, sessionKey });
    }
    return {
      sessionKey,
      sequence: appended.sequence,
      createdAt: isoTime(appended.createdAtMs),
      contentBytes: appended.contentBytes,
      estimatedTokens: appended.estimatedTokens,
      epoch: appended.epoch,
      ...(appended.takeOver !== undefined && {
        takeOver: presentTakeOver(appended.takeOver, settings.takeOverAfterMs),
      }),
      ...(appended.replayed && { replayed: true as const }),
    };
  },
});

function contentTooLarge(contentBytes: number, maxContentBytes: number): ContextStoreError {
  return new ContextStoreError(
    'CONTENT_TOO_LARGE',
    `content: ${contentBytes} bytes; the limit is ${maxContentBytes}. Split it over several entries, or append its path or URL instead.`,
    { contentBytes, maxContentBytes },
  );
}
