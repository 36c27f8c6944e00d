import { handoffStatuses, roleAddress, type HandoffStatus, type ListHandoffs } from '@org/domain';

/** The addresses whose offers an inbox holds. Null is the address of offers to anyone. */
export const addressesOf = ({ agent, roles }: Pick<ListHandoffs, 'agent' | 'roles'>): (string | null)[] => [
  agent,
  null,
  ...new Set(roles.map(roleAddress)),
];

/**
 * How the handoffs are stored that a list shows with a status. A pending offer may have expired, or a lapse of its
 * session's lease may have cancelled it, before that is stored.
 */
export function storedStatuses(shown: HandoffStatus | undefined): readonly HandoffStatus[] {
  if (shown === undefined) return handoffStatuses;
  return shown === 'expired' || shown === 'cancelled' ? [shown, 'pending'] : [shown];
}
