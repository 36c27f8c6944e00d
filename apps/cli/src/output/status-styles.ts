import type { Session } from '@org/domain';
import type { Style } from './screen.js';

/** The colours of the statuses of sessions. */
export const statusStyles: Readonly<Record<Session['status'], Style>> = {
  active: 'green',
  dormant: 'yellow',
  expired: 'red',
  completed: 'dim',
  archived: 'dim',
};
