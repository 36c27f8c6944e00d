import { ContextStoreError } from '../../errors.js';
import type { SessionRecord } from '../../ports/store.js';

export const sessionNotFound = (sessionKey: string): ContextStoreError =>
  new ContextStoreError(
    'SESSION_NOT_FOUND',
    `No session ${sessionKey} here. See listSessions for those that exist, or create it with registerSession.`,
    { sessionKey },
  );

export const handoffNotFound = (handoffId: string): ContextStoreError =>
  new ContextStoreError('HANDOFF_NOT_FOUND', `No handoff ${handoffId} here. See listHandoffs for those that exist.`, {
    handoffId,
  });

export const sessionExists = ({ sessionKey, owner }: SessionRecord): ContextStoreError =>
  new ContextStoreError(
    'SESSION_EXISTS',
    `Session ${sessionKey} exists and belongs to ${owner}. Go on with it by ifExists "resume", or choose another sessionKey.`,
    { sessionKey, owner },
  );
