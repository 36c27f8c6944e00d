import {
  composePage,
  inboxClasses,
  inboxClassOf,
  refusePosition,
  startOf,
  type HandoffPage,
  type ListHandoffs,
} from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFindLapses } from '../../leases/lapses.js';
import { prepareGetLastPlace } from '../../rows/last-place.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { leasedHandoffs, observedHandoff } from './read-handoff.js';
import {
  addressesOf,
  isListed,
  prepareReadOffers,
  prepareReadPendingOffers,
  scannedColumns,
  type ScannedHandoff,
} from './read-offers.js';
import { mergeRanges, readRange, type ScannedRange } from '../../rows/scan-page.js';
import { scanWidth } from '../../../constants.js';

export function prepareListHandoffs(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<ListHandoffs, HandoffPage> {
  const getLastPlace = prepareGetLastPlace(connection);
  const findLapses = prepareFindLapses(connection, notice);
  const readInbox = prepareReadInbox(connection);
  const readOutbox = prepareReadOutbox(connection);
  const getHandoff = connection.prepare((p: Placeholders<{ handoffRowId: number }>) =>
    leasedHandoffs.where('handoffs.id', '=', p.handoffRowId),
  ).get;

  return (request, nowMs) => {
    const { namespace, direction, status, after = 0, limit } = request;
    const refusal = refusePosition(after, getLastPlace());
    if (refusal !== undefined) throw refusal;
    const { offers, settle } = findLapses(namespace, nowMs);
    const ranges = direction === 'inbox' ? readInbox(request) : [readOutbox(request)];
    const rows = ranges.flatMap((range) => range.rows);
    const expired = rows.filter((row) => settle(row)?.status === 'pending' && row.expires_at <= nowMs);
    if (expired.length > 0) notice({ namespace, expired: expired.map(({ id }) => id) });

    // They follow all stored handoffs, so they are listed only if no range was cut off.
    const isKnown = ranges.every(({ more }) => !more);
    const again = isKnown ? offers.filter((offer) => isFound(offer, request) && isListed(offer, request, nowMs)) : [];
    const classes = ranges.map((range, index) => ({
      handoffs: [
        ...range.rows.filter((row) => isListed(settle(row), request, nowMs)).map((row) => listed(row, row.id)),
        ...again.filter((offer) => classOf(offer, request) === index).map((offer) => listed(offer, Infinity)),
      ],
      last: range.rows.at(-1)?.id ?? 0,
      isCut: range.more,
    }));
    const page = composePage(classes, { after, limit, takesTurns: direction === 'inbox' && status === 'pending' });
    return {
      ...page,
      handoffs: page.handoffs.flatMap(({ id }) => {
        const row = getHandoff({ handoffRowId: id });
        return row === undefined ? [] : observedHandoff(row, nowMs);
      }),
    };
  };
}

const listed = ({ id, requesting_agent: sender }: ScannedHandoff, place: number) => ({ id, sender, place });

const classOf = (row: ScannedHandoff, { direction, agent }: ListHandoffs): number =>
  direction === 'inbox' ? inboxClassOf(row.target_agent, agent) : 0;

/** Whether an offer belongs to the rows that the list examines. */
function isFound(offer: ScannedHandoff, request: ListHandoffs): boolean {
  if (request.direction === 'outbox') return offer.requesting_agent === request.agent;
  return addressesOf(request).includes(offer.target_agent);
}

type Range = ScannedRange<ScannedHandoff>;

/** An agent has several addresses. Each is one range of an index, and the ranges of a class are merged. */
function prepareReadInbox(connection: Connection): (request: ListHandoffs) => Range[] {
  const readAny = prepareReadOffers(connection);
  const readPending = prepareReadPendingOffers(connection);

  return (request) => {
    const { namespace, agent, status, after = 0, limit } = request;
    const addresses = addressesOf(request);
    const width = status === undefined ? limit : Math.floor(scanWidth / addresses.length);
    const readAddress = status === 'pending' ? readPending : readAny;
    return inboxClasses.map((index) =>
      mergeRanges(
        addresses
          .filter((target) => inboxClassOf(target, agent) === index)
          .map((targetAgent) =>
            readRange(width, (rows) =>
              readAddress({ namespace, targetAgent, after: startOf(after, index), limit: rows }),
            ),
          ),
      ),
    );
  };
}

function prepareReadOutbox(connection: Connection): (request: ListHandoffs) => Range {
  const read = connection.prepare(
    (p: Placeholders<{ namespace: string; agent: string; after: number; limit: number }>) =>
      db
        .selectFrom('handoffs')
        .select(scannedColumns)
        .where('namespace', '=', p.namespace)
        .where('requesting_agent', '=', p.agent)
        .where('id', '>', p.after)
        .orderBy('id')
        .limit(p.limit),
  ).all;

  return ({ namespace, agent, status, after = 0, limit }) => {
    const width = status === undefined ? limit : scanWidth;
    return readRange(width, (rows) => read({ namespace, agent, after: startOf(after, 0), limit: rows }));
  };
}
