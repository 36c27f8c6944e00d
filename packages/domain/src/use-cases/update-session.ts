import { z } from 'zod';
import { ContextStoreError } from '../errors.js';
import { storableObject, storableText } from '../model/json.js';
import { sessionKeySchema } from '../model/names.js';
import { namedProjectSchema, noProject } from '../model/project.js';
import { recordedNote } from '../model/recorded-note.js';
import { sessionSchema } from '../model/session.js';
import { changedRecordBytes } from '../rules/answers/answer-budget.js';
import { fitSession } from '../rules/answers/fit-session.js';
import { limits } from '../rules/limits.js';
import { presentSession } from '../rules/answers/present.js';
import { defineUseCase, fenceArguments, mutationArguments } from './use-case.js';

const changes = {
  /** `completed` or `archived` closes the session, and `active` opens it again. */
  status: z.enum(['active', 'completed', 'archived']).optional(),
  title: storableText(limits.titleBytes).min(1).optional(),
  /** Where the work belongs from now on, or `none`. The session's pending offers move with it. */
  project: namedProjectSchema.optional(),
  /** Replaces the metadata as a whole. */
  metadata: storableObject(limits.metadataBytes).optional(),
  /** The session expires after this time without activity, counted from now. */
  ttlSeconds: z.int().min(1).max(limits.ttlSeconds).optional(),
};

/** Closes, reopens, extends or annotates a session. Only its owner may. */
export const updateSession = defineUseCase({
  name: 'updateSession',
  input: z.strictObject({
    ...mutationArguments,
    sessionKey: sessionKeySchema,
    ...changes,
    /** Changes the session only if this is still its version. */
    expectedVersion: z.int().min(1).optional(),
    ...fenceArguments,
  }),
  result: z.strictObject({ note: z.string(), session: sessionSchema, replayed: z.literal(true).optional() }),
  async run({ store, settings, namespace, agent, idempotency, publish }, input) {
    const { sessionKey, status, title, project, metadata, ttlSeconds, expectedVersion, epoch } = input;
    if ([status, title, project, metadata, ttlSeconds].every((change) => change === undefined)) {
      const names = Object.keys(changes).join(', ');
      throw new ContextStoreError('VALIDATION_ERROR', `arguments: nothing to change. Pass at least one of ${names}.`, {
        issues: [{ path: 'arguments', message: `pass at least one of ${names}` }],
      });
    }
    const { session, replayed } = await store.updateSession({
      namespace,
      agent: agent(),
      idempotency,
      sessionKey,
      state: status,
      title,
      project: project === noProject ? null : project,
      metadata,
      ttlMs: ttlSeconds === undefined ? undefined : ttlSeconds * 1000,
      expectedVersion,
      epoch,
    });
    if (!replayed) {
      publish({ kind: 'session_changed', namespace, sessionKey });
      // Which agents the moved offers are for is not known here, so all waiting calls look.
      if (project !== undefined) publish({ kind: 'something_changed' });
    }
    const shown = presentSession(session, settings);
    return {
      note: recordedNote,
      session: fitSession(shown, changedRecordBytes, agent()),
      ...(replayed && { replayed }),
    };
  },
});
