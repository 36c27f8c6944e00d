import { inboxClassOf, isOfProjects, startOf, type Inbox } from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFindLapses, type Lapses } from '../../leases/lapses.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { isListed, prepareReadOffers, scannedColumns, type ScannedHandoff } from './read-offers.js';
import { scanWidth } from '../../../constants.js';
import { addressesOf } from '../../../handoff-ranges.js';

/**
 * Waiting callers have seen nearly all offers. So the offers after the earliest position are read once, for all
 * inboxes. If there are too many of them, each inbox is read separately.
 */
export function preparePeekInboxes(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<readonly Inbox[], readonly boolean[]> {
  const findLapses = prepareFindLapses(connection, notice);
  const readNewest = prepareReadNewest(connection);
  const holdsOffer = prepareHoldsOffer(connection);

  return (inboxes, nowMs) => {
    const lapses = new Map<string, Lapses>();
    for (const { namespace } of inboxes) {
      if (!lapses.has(namespace)) lapses.set(namespace, findLapses(namespace, nowMs));
    }
    const isNew: IsNew = (row, inbox) =>
      row.id > startAt(row.target_agent, inbox) &&
      isListed(lapses.get(inbox.namespace)?.settle(row), pendingInboxOf(inbox.agent), nowMs);
    const isOfferedAgain = (inbox: Inbox): boolean =>
      lapses
        .get(inbox.namespace)
        ?.offers.some(
          (offer) =>
            addressesOf(inbox).includes(offer.target_agent) &&
            isOfProjects(inbox.projects, offer.project) &&
            isListed(offer, pendingInboxOf(inbox.agent), nowMs),
        ) === true;

    const ranges = inboxes.flatMap(rangesOf);
    const after = ranges.reduce((least, range) => Math.min(least, range.after), Number.MAX_SAFE_INTEGER);
    // As many rows as the separate reads would examine at least: offers to others must not make a look cost more.
    const width = Math.min(scanWidth, firstWidth * ranges.length);
    const newest = readNewest({ after, limit: width });
    if (newest.length === width) return inboxes.map((inbox) => isOfferedAgain(inbox) || holdsOffer(inbox, isNew));

    const byAddress = Map.groupBy(newest, ({ namespace, target_agent: target }) => addressName(namespace, target));
    return inboxes.map(
      (inbox) =>
        isOfferedAgain(inbox) ||
        addressesOf(inbox).some((target) =>
          byAddress
            .get(addressName(inbox.namespace, target))
            ?.some((row) => isOfProjects(inbox.projects, row.project) && isNew(row, inbox)),
        ),
    );
  };
}

/** The place after which an address is new to an inbox. */
const startAt = (target: string | null, { agent, after }: Inbox): number => startOf(after, inboxClassOf(target, agent));

/** The ranges of pending offers that an inbox holds. */
const rangesOf = (inbox: Inbox) =>
  addressesOf(inbox).flatMap((targetAgent) =>
    (inbox.projects ?? [undefined]).map((project) => ({
      namespace: inbox.namespace,
      targetAgent,
      project,
      status: 'pending' as const,
      after: startAt(targetAgent, inbox),
    })),
  );

/** Whether a stored handoff is new to an inbox. */
type IsNew = (row: ScannedHandoff, inbox: Inbox) => boolean;

const pendingInboxOf = (agent: string) => ({ direction: 'inbox', agent, status: 'pending' }) as const;

/** Names cannot hold a space. */
const addressName = (namespace: string, target: string | null): string => `${namespace} ${target ?? ''}`;

type NewHandoff = ScannedHandoff & { readonly namespace: string; readonly project: string | null };

function prepareReadNewest(connection: Connection): (args: { after: number; limit: number }) => NewHandoff[] {
  return connection.prepare((p: Placeholders<{ after: number; limit: number }>) =>
    db
      .selectFrom('handoffs')
      .select([...scannedColumns, 'namespace', 'project'])
      .where('id', '>', p.after)
      .orderBy('id')
      .limit(p.limit),
  ).all;
}

/** How many offers are read first. Nearly always, one of them is live. */
const firstWidth = 8;

/**
 * Returns true if an inbox holds an offer. Also returns true if it holds more expired offers than may be examined at
 * once: the caller then lists them, and the list has them stored as expired.
 */
function prepareHoldsOffer(connection: Connection): (inbox: Inbox, isNew: IsNew) => boolean {
  const read = prepareReadOffers(connection);

  function holdsIn(range: ReturnType<typeof rangesOf>[number], inbox: Inbox, isNew: IsNew): boolean {
    for (const limit of [firstWidth, scanWidth]) {
      const rows = read({ ...range, limit });
      if (rows.some((row) => isNew(row, inbox))) return true;
      if (rows.length < limit) return false;
    }
    return true;
  }
  return (inbox, isNew) => rangesOf(inbox).some((range) => holdsIn(range, inbox, isNew));
}
