import type { SessionLease } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { prepareScheduleLeaseCheck } from '../rows/handoff-row.js';
import { preparedOnce } from '../connection/prepared-once.js';
import type { SessionRow } from '../rows/session-row.js';

/**
 * Keeps the check of a lease from being later than its deadline. A write that moves the deadline back moves the check too:
 * a renewal for a shorter time, or one after the clock was set back. No other write costs a statement.
 *
 * @param before the session's row before the renewal
 */
export const prepareFollowDeadline: (
  connection: Connection,
) => (before: SessionRow, lease: SessionLease | undefined) => void = preparedOnce((connection) => {
  const scheduleCheck = prepareScheduleLeaseCheck(connection);
  return ({ namespace, lease_expires_at: deadline }, lease) => {
    if (lease === undefined || deadline === null || lease.expiresAtMs >= deadline) return;
    scheduleCheck({ namespace, handoffId: lease.handoffId, atMs: lease.expiresAtMs });
  };
});
