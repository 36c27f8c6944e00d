import type { SessionStatus } from '../../model/session.js';
import type { SessionRecord } from '../../ports/store.js';

type Lifetime = Pick<SessionRecord, 'state' | 'lastActivityAtMs' | 'ttlMs' | 'observedAtMs'>;

/** When the session expires if nothing more happens; undefined when never. */
export const expiresAtMs = (session: Lifetime): number | undefined =>
  session.ttlMs === undefined ? undefined : session.lastActivityAtMs + session.ttlMs;

/** Whether an otherwise active session has outlived its TTL. */
export const isExpired = (session: Lifetime): boolean =>
  session.state === 'active' && (expiresAtMs(session) ?? Infinity) <= session.observedAtMs;

/** The status that callers see, at the moment of the store's clock when the record was read. */
export function sessionStatus(session: Lifetime, dormantAfterMs: number): SessionStatus {
  if (session.state !== 'active') return session.state;
  if (isExpired(session)) return 'expired';
  return session.lastActivityAtMs + dormantAfterMs <= session.observedAtMs ? 'dormant' : 'active';
}
