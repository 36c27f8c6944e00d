import type { Handoff } from '@org/domain';
import { renderFields } from './fields.js';
import type { Screen, Style } from './screen.js';
import { oneLine } from './visible.js';

const styles: Readonly<Record<Handoff['status'], Style>> = {
  pending: 'yellow',
  accepted: 'cyan',
  completed: 'green',
  rejected: 'red',
  cancelled: 'dim',
  expired: 'dim',
  returned: 'red',
};

/** Returns a handoff with all that its reader decides by. */
export function renderHandoff(screen: Screen, handoff: Handoff): string {
  const { handoffId, status, requestType, sessionKey, requestingAgent, targetAgent, acceptedBy } = handoff;
  const time = (iso: string | undefined): string | undefined => (iso === undefined ? undefined : screen.time(iso));
  const heading = [
    screen.style('bold', oneLine(handoffId)),
    screen.style(styles[status], status),
    screen.style('dim', requestType),
  ];
  return [
    heading.join('  '),
    renderFields(screen, [
      ['session', sessionKey],
      ['from', requestingAgent],
      ['to', targetAgent ?? 'any agent'],
      ['accepted by', acceptedBy],
      ['project', handoff.project],
      ['requested', time(handoff.createdAt)],
      ['lapses', status === 'pending' ? time(handoff.expiresAt) : undefined],
      ['lease ends', time(handoff.leaseExpiresAt)],
      ['resolved', time(handoff.resolvedAt)],
      ['reason', handoff.reason],
      ['summary', handoff.summary],
      ['instructions', handoff.instructions],
    ]),
  ].join('\n');
}
