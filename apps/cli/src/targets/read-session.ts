import { ContextStoreError, limits, type Session } from '@org/domain';
import type { Target } from './target.js';

/** Reads one session as it is. @throws SESSION_NOT_FOUND, VALIDATION_ERROR */
export async function readSession(target: Pick<Target, 'listSessions'>, sessionKey: string): Promise<Session> {
  const { sessions } = await target.listSessions({ sessionKey, maxTokens: limits.maxTokens });
  const [session] = sessions;
  if (session === undefined)
    throw new ContextStoreError('SESSION_NOT_FOUND', `No session ${sessionKey} exists.`, { sessionKey });
  return session;
}
