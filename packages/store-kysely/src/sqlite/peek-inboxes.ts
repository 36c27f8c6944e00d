import { roleAddress, type Inbox } from '@org/domain';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';
import { isListed, prepareReadPendingOffers, scannedColumns, type ScannedHandoff } from './read-offers.js';
import { scanWidth } from './scan-page.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';

/**
 * Those who wait have seen nearly everything. What is new to the one who has seen least is read once, and shared out;
 * should that be much, each inbox is looked into on its own.
 */
export function preparePeekInboxes(connection: Connection): Operation<readonly Inbox[], readonly boolean[]> {
  const settleDueLeases = prepareSettleDueLeases(connection);
  const readNewest = prepareReadNewest(connection);
  const holdsOffer = prepareHoldsOffer(connection);

  return (inboxes, nowMs) => {
    for (const namespace of new Set(inboxes.map((inbox) => inbox.namespace))) settleDueLeases(namespace, nowMs);
    const after = inboxes.reduce((least, inbox) => Math.min(least, inbox.after), Number.MAX_SAFE_INTEGER);
    const newest = readNewest({ after, limit: scanWidth });
    if (newest.length === scanWidth) return inboxes.map((inbox) => holdsOffer(inbox, nowMs));

    const byAddress = Map.groupBy(newest, ({ namespace, target_agent: target }) => addressName(namespace, target));
    return inboxes.map((inbox) =>
      addressesOf(inbox).some((target) =>
        byAddress.get(addressName(inbox.namespace, target))?.some((row) => isNew(row, inbox, nowMs)),
      ),
    );
  };
}

/** Null: what is offered to anyone. */
const addressesOf = ({ agent, roles }: Inbox): (string | null)[] => [agent, null, ...roles.map(roleAddress)];

/** Names cannot hold a space. */
const addressName = (namespace: string, target: string | null): string => `${namespace} ${target ?? ''}`;

const isNew = (row: ScannedHandoff, { agent, after }: Inbox, nowMs: number): boolean =>
  row.id > after && isListed(row, { direction: 'inbox', agent, status: 'pending' }, nowMs);

type NewHandoff = ScannedHandoff & { readonly namespace: string };

function prepareReadNewest(connection: Connection): (args: { after: number; limit: number }) => NewHandoff[] {
  return connection.prepare((p: Placeholders<{ after: number; limit: number }>) =>
    db
      .selectFrom('handoffs')
      .select([...scannedColumns, 'namespace'])
      .where('id', '>', p.after)
      .orderBy('id')
      .limit(p.limit),
  ).all;
}

/** How many offers are read first: nearly always, one of them decides. */
const firstWidth = 8;

/**
 * Whether an inbox holds an offer. When it holds so many that lapsed that they would take long to look through, the answer
 * is yes as well: whoever then lists them takes them away.
 */
function prepareHoldsOffer(connection: Connection): (inbox: Inbox, nowMs: number) => boolean {
  const readPending = prepareReadPendingOffers(connection);

  function holdsAt(target: string | null, inbox: Inbox, nowMs: number): boolean {
    for (const limit of [firstWidth, scanWidth]) {
      const rows = readPending({ namespace: inbox.namespace, targetAgent: target, after: inbox.after, limit });
      if (rows.some((row) => isNew(row, inbox, nowMs))) return true;
      if (rows.length < limit) return false;
    }
    return true;
  }
  return (inbox, nowMs) => addressesOf(inbox).some((target) => holdsAt(target, inbox, nowMs));
}
