import { ContextStoreError } from '../../errors.js';
import type { SessionRecord } from '../../ports/store.js';

/** Returns why an agent cannot have read up to this sequence, or undefined if it can. */
export function refuseMark(
  sequence: number,
  { sessionKey, lastSequence }: Pick<SessionRecord, 'sessionKey' | 'lastSequence'>,
): ContextStoreError | undefined {
  if (sequence <= lastSequence) return undefined;
  const message = `the log of session ${sessionKey} ends at ${lastSequence}; acknowledge at most the newest entry that you read`;
  return new ContextStoreError('VALIDATION_ERROR', `ackSequence: ${message}.`, {
    issues: [{ path: 'ackSequence', message }],
    lastSequence,
  });
}
