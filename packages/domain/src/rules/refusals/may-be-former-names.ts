import { ContextStoreError } from '../../errors.js';

/**
 * Whether an agent was refused what its former name may be allowed: the error says that the agent has no right, or that the
 * right is its former name's. See `formerNameOf`.
 */
export function mayBeFormerNames(error: unknown, formerName: string): boolean {
  if (!(error instanceof ContextStoreError)) return false;
  const { code, details } = error;
  return (
    code === 'NOT_A_PARTICIPANT' ||
    code === 'FORBIDDEN' ||
    (code === 'OWNERSHIP_LOST' && details['owner'] === formerName) ||
    (code === 'HANDOFF_CLAIMED' && details['acceptedBy'] === formerName)
  );
}
