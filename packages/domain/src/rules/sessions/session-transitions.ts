import type { SessionStatus } from '../../model/session.js';
import type { SessionState } from '../../ports/store.js';
import type { Transition } from '../transition.js';

/** A step of a session. `clock`: computed from the time of the last activity. `writer`: the owner or a participant. */
export type SessionTransition = Transition<SessionStatus, 'owner' | 'writer' | 'clock'>;

/**
 * Every legal step of a session. All others are refused, except that the owner may set the status that a session has.
 * No status is final, so an archive made by mistake loses no work.
 */
export const sessionTransitions: readonly SessionTransition[] = [
  { from: 'active', to: 'dormant', by: 'clock', how: 'no activity' },
  { from: 'dormant', to: 'active', by: 'writer', how: 'any write' },
  { from: 'active', to: 'expired', by: 'clock', how: 'the TTL is over' },
  { from: 'dormant', to: 'expired', by: 'clock', how: 'the TTL is over' },
  { from: 'expired', to: 'active', by: 'owner', how: 'extends it' },
  { from: 'active', to: 'completed', by: 'owner', how: 'completes it' },
  { from: 'dormant', to: 'completed', by: 'owner', how: 'completes it' },
  { from: 'expired', to: 'completed', by: 'owner', how: 'completes it' },
  { from: 'completed', to: 'active', by: 'owner', how: 'reopens it' },
  { from: 'active', to: 'archived', by: 'owner', how: 'archives it' },
  { from: 'dormant', to: 'archived', by: 'owner', how: 'archives it' },
  { from: 'expired', to: 'archived', by: 'owner', how: 'archives it' },
  { from: 'completed', to: 'archived', by: 'owner', how: 'archives it' },
  { from: 'archived', to: 'active', by: 'owner', how: 'reopens it' },
];

/**
 * Returns the states that the owner may set. Dormant and expired sessions are stored as active, and take the same steps
 * as active ones.
 */
export const settableStates = (state: SessionState): SessionState[] => [
  state,
  ...sessionTransitions
    .filter(({ from, by }) => from === state && by === 'owner')
    .map(({ to }) => to)
    .filter((to) => to !== 'dormant' && to !== 'expired'),
];
