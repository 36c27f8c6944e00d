import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { storableObject, storableText } from '../model/json.js';
import { agentSchema, sessionKeySchema } from '../model/names.js';
import { namedProjectSchema, noProject } from '../model/project.js';
import { recordedNote } from '../model/recorded-note.js';
import { sessionSchema } from '../model/session.js';
import { changedRecordBytes } from '../rules/answers/answer-budget.js';
import { fitSession } from '../rules/answers/fit-session.js';
import { limits } from '../rules/limits.js';
import { presentSession } from '../rules/answers/present.js';
import { defineUseCase, mutationArguments } from './use-case.js';

/** Creates a session that the agent owns, or resumes the one that has this key. */
export const registerSession = defineUseCase({
  name: 'registerSession',
  input: z.strictObject({
    ...mutationArguments,
    /** Default: a new random key. */
    sessionKey: sessionKeySchema.optional(),
    /** Means the same as `agent`; older clients use this name. */
    agentFrom: agentSchema.optional(),
    title: storableText(limits.titleBytes).min(1).optional(),
    /** Where the work belongs, or `none`. Default: the caller's project. A resumed session keeps its own. */
    project: namedProjectSchema.optional(),
    metadata: storableObject(limits.metadataBytes).default({}),
    /** The session expires after this time without activity. Default: the deployment's default, or never. */
    ttlSeconds: z.int().min(1).max(limits.ttlSeconds).optional(),
    /** If the key is taken, `error` refuses the call, and `resume` returns the session unchanged. */
    ifExists: z.enum(['error', 'resume']).default('error'),
  }),
  result: z.strictObject({
    note: z.string(),
    session: sessionSchema,
    /** Whether this call created it. If not, it existed and is unchanged. */
    created: z.boolean(),
    replayed: z.literal(true).optional(),
  }),
  async run({ store, settings, namespace, agent, project, idempotency, count, publish }, input) {
    if (input.agentFrom !== undefined && input.agent !== undefined && input.agent !== input.agentFrom) {
      throw new ContextStoreError(
        'VALIDATION_ERROR',
        'agentFrom: differs from agent. They mean the same; pass one of them.',
        {
          issues: [{ path: 'agentFrom', message: 'differs from agent' }],
        },
      );
    }
    const found = input.project ?? project();
    const named = found instanceof Promise ? await found : found;
    const { session, created, replayed } = await store.createSession({
      namespace,
      agent: agent(),
      idempotency,
      sessionKey: input.sessionKey ?? newSessionKey(),
      title: input.title,
      project: named === noProject ? undefined : named,
      metadata: input.metadata,
      ttlMs: input.ttlSeconds === undefined ? settings.sessionTtlMs : input.ttlSeconds * 1000,
      ifExists: input.ifExists,
    });
    if (created && !replayed) {
      count({ kind: 'session_created' });
      publish({ kind: 'session_changed', namespace, sessionKey: session.sessionKey });
    }
    const shown = presentSession(session, settings);
    return {
      note: recordedNote,
      session: fitSession(shown, changedRecordBytes, agent()),
      created,
      ...(replayed && { replayed }),
    };
  },
});

/** Returns a key of 80 random bits, without letters and digits that look alike. */
function newSessionKey(): string {
  return `s-${[...randomBytes(16)].map((byte) => 'abcdefghijkmnpqrstuvwxyz23456789'[byte % 32]).join('')}`;
}
