import type { SessionStatus } from '../../model/session.js';
import type { SessionRecord } from '../../ports/store.js';

type Lifetime = Pick<SessionRecord, 'state' | 'lastActivityAtMs' | 'ttlMs' | 'observedAtMs'>;

/** Returns when the session expires without further activity, or undefined if it never does. */
export const expiresAtMs = (session: Lifetime): number | undefined =>
  session.ttlMs === undefined ? undefined : session.lastActivityAtMs + session.ttlMs;

/** Whether an otherwise active session has outlived its TTL. */
export const isExpired = (session: Lifetime): boolean =>
  session.state === 'active' && (expiresAtMs(session) ?? Infinity) <= session.observedAtMs;

/** Returns the status that callers see, as of `observedAtMs`. */
export function sessionStatus(session: Lifetime, dormantAfterMs: number): SessionStatus {
  if (session.state !== 'active') return session.state;
  if (isExpired(session)) return 'expired';
  return session.lastActivityAtMs + dormantAfterMs <= session.observedAtMs ? 'dormant' : 'active';
}
