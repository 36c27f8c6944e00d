import type { SessionState } from '../ports/store.js';

/**
 * What the owner may set a session to, from what it is. Nothing is final: an archive made by mistake loses no work.
 * (`dormant` and `expired` are not in the table: they are computed from the time of the last activity.)
 */
export const sessionTransitions: Readonly<Record<SessionState, readonly SessionState[]>> = {
  active: ['active', 'completed', 'archived'],
  completed: ['completed', 'active', 'archived'],
  archived: ['archived', 'active'],
};
