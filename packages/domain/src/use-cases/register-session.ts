import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { storableObject, storableText } from '../model/json.js';
import { agentSchema, sessionKeySchema } from '../model/names.js';
import { recordedNote } from '../model/recorded-note.js';
import { sessionSchema } from '../model/session.js';
import { changedRecordBytes } from '../rules/answers/answer-budget.js';
import { fitSession } from '../rules/answers/fit-session.js';
import { limits } from '../rules/limits.js';
import { presentSession } from '../rules/answers/present.js';
import { defineUseCase, mutationArguments } from './use-case.js';

/** Creates a session, or resumes the one that has this key. The agent becomes the owner of what is created. */
export const registerSession = defineUseCase({
  name: 'registerSession',
  input: z.strictObject({
    ...mutationArguments,
    /** Absent: a new one is made up. */
    sessionKey: sessionKeySchema.optional(),
    /** The same as `agent`, under the name that older clients use. */
    agentFrom: agentSchema.optional(),
    title: storableText(limits.titleBytes).min(1).optional(),
    metadata: storableObject(limits.metadataBytes).default({}),
    /** Counted from the last activity. Absent: the deployment's default, else never. */
    ttlSeconds: z.int().min(1).max(limits.ttlSeconds).optional(),
    /** What a session of this key means. `resume` answers with it, unchanged, and never with a new, empty one. */
    ifExists: z.enum(['error', 'resume']).default('error'),
  }),
  result: z.strictObject({
    note: z.string(),
    session: sessionSchema,
    created: z.boolean(),
    replayed: z.literal(true).optional(),
  }),
  async run({ store, settings, namespace, agent, idempotency, count, publish }, input) {
    if (input.agentFrom !== undefined && input.agent !== undefined && input.agent !== input.agentFrom) {
      throw new ContextStoreError(
        'VALIDATION_ERROR',
        'agentFrom: differs from agent. They mean the same; pass one of them.',
        {
          issues: [{ path: 'agentFrom', message: 'differs from agent' }],
        },
      );
    }
    const { session, created, replayed } = await store.createSession({
      namespace,
      agent: agent(),
      idempotency,
      sessionKey: input.sessionKey ?? newSessionKey(),
      title: input.title,
      metadata: input.metadata,
      ttlMs: input.ttlSeconds === undefined ? settings.sessionTtlMs : input.ttlSeconds * 1000,
      ifExists: input.ifExists,
    });
    if (created && !replayed) {
      count({ kind: 'session_created' });
      publish({ kind: 'session_changed', namespace, sessionKey: session.sessionKey });
    }
    const shown = presentSession(session, settings.dormantAfterMs);
    return {
      note: recordedNote,
      session: fitSession(shown, changedRecordBytes, agent()),
      created,
      ...(replayed && { replayed }),
    };
  },
});

/** Short enough to say aloud, random enough never to meet again: 80 bits. */
function newSessionKey(): string {
  return `s-${[...randomBytes(16)].map((byte) => 'abcdefghijkmnpqrstuvwxyz23456789'[byte % 32]).join('')}`;
}
