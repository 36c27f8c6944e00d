import { roleAddress, type Inbox } from '@org/domain';
import type { Connection } from './connection.js';
import type { Operation } from './operation.js';
import { isListed, prepareReadPendingOffers } from './read-offers.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';

/** How many offers are read at once: the first one nearly always decides. */
const width = 8;

export function preparePeekInboxes(connection: Connection): Operation<readonly Inbox[], readonly boolean[]> {
  const settleDueLeases = prepareSettleDueLeases(connection);
  const readPending = prepareReadPendingOffers(connection);

  function holdsOffer({ namespace, agent, after }: Inbox, targetAgent: string | null, nowMs: number): boolean {
    const request = { direction: 'inbox', agent, status: 'pending' } as const;
    let last: number | undefined = after;
    while (last !== undefined) {
      const rows = readPending({ namespace, targetAgent, after: last, limit: width });
      if (rows.some((row) => isListed(row, request, nowMs))) return true;
      last = rows.length < width ? undefined : rows.at(-1)?.id;
    }
    return false;
  }

  return (inboxes, nowMs) => {
    for (const namespace of new Set(inboxes.map((inbox) => inbox.namespace))) settleDueLeases(namespace, nowMs);
    return inboxes.map((inbox) =>
      [inbox.agent, null, ...inbox.roles.map(roleAddress)].some((address) => holdsOffer(inbox, address, nowMs)),
    );
  };
}
