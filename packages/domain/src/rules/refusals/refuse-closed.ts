import { ContextStoreError } from '../../errors.js';
import type { SessionRecord } from '../../ports/store.js';

/** Returns an error if the session is completed or archived. */
export function refuseClosed({ sessionKey, state, owner }: SessionRecord): ContextStoreError | undefined {
  if (state === 'active') return undefined;
  return new ContextStoreError(
    'SESSION_NOT_ACTIVE',
    `Session ${sessionKey} is ${state}. Its owner ${owner} can reopen it with updateSession status "active".`,
    { sessionKey, status: state, owner },
  );
}
