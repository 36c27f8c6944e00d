import type { ErrorCode } from '@org/domain';

/** Every exit code of the program, and its meaning. A stop signal ends it with 128 plus the signal's number. */
export const exitCodes = {
  done: { code: 0, meaning: 'Done.' },
  failed: { code: 1, meaning: 'Failed in another way than those below.' },
  usage: { code: 2, meaning: 'The command line, an argument or a setting is wrong.' },
  notFound: { code: 3, meaning: 'The session, the handoff, the key or the database file does not exist.' },
  refused: { code: 4, meaning: 'Refused: by ownership, permissions, a conflict, or because it was not confirmed.' },
  unreachable: { code: 5, meaning: 'The database or the server is out of reach or busy. Try again.' },
} as const;

/** What ended a command: a name in {@link exitCodes}. */
export type Ending = keyof typeof exitCodes;

/** How commands end that throw an error of a code. An error that a retry may solve ends them with `unreachable`. */
export const endings: Readonly<Record<ErrorCode, Ending>> = {
  VALIDATION_ERROR: 'usage',
  SESSION_NOT_FOUND: 'notFound',
  SESSION_EXISTS: 'refused',
  SESSION_NOT_ACTIVE: 'refused',
  SESSION_EXPIRED: 'refused',
  NOT_A_PARTICIPANT: 'refused',
  OWNERSHIP_LOST: 'refused',
  SEQUENCE_CONFLICT: 'refused',
  VERSION_CONFLICT: 'refused',
  IDEMPOTENCY_MISMATCH: 'refused',
  HANDOFF_NOT_FOUND: 'notFound',
  HANDOFF_NOT_PENDING: 'refused',
  HANDOFF_CLAIMED: 'refused',
  HANDOFF_EXPIRED: 'refused',
  TAKE_OVER_TOO_EARLY: 'refused',
  CONTENT_TOO_LARGE: 'refused',
  RATE_LIMITED: 'unreachable',
  OVERLOADED: 'unreachable',
  CANCELLED: 'unreachable',
  UNAUTHORIZED: 'refused',
  FORBIDDEN: 'refused',
  STORE_UNAVAILABLE: 'unreachable',
  STORE_CLOSED: 'failed',
  INTERNAL_ERROR: 'failed',
};
