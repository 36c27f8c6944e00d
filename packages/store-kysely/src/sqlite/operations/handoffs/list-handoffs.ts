import { settledHandoff, type HandoffPage, type ListHandoffs } from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { handoffRecord, type HandoffRow } from '../../rows/handoff-row.js';
import { prepareFindLapses } from '../../leases/lapses.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import {
  addressesOf,
  isListed,
  prepareReadOffers,
  prepareReadPendingOffers,
  scannedColumns,
  type ScannedHandoff,
} from './read-offers.js';
import { mergeRanges, readRange, scanPage, type ScannedRange } from '../../rows/scan-page.js';
import { scanWidth } from '../../../constants.js';
import { leasedSession, leasedSessionColumns, type LeasedSessionRow } from '../../rows/session-row.js';

export function prepareListHandoffs(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<ListHandoffs, HandoffPage> {
  const findLapses = prepareFindLapses(connection, notice);
  const readInbox = prepareReadInbox(connection);
  const readOutbox = prepareReadOutbox(connection);
  const getHandoff = prepareGetListed(connection);

  return (request, nowMs) => {
    const { namespace, after = 0, limit } = request;
    const { offers, settle } = findLapses(namespace, nowMs);
    const range = request.direction === 'inbox' ? readInbox(request) : readOutbox(request);
    const expired = range.rows.filter((row) => settle(row)?.status === 'pending' && row.expires_at <= nowMs);
    if (expired.length > 0) notice({ namespace, expired: expired.map(({ id }) => id) });

    const page = scanPage(range, limit, (row) => isListed(settle(row), request, nowMs));
    const offeredAgain = offers.filter((offer) => isFound(offer, request) && isListed(offer, request, nowMs));
    const shown = page.more ? [] : offeredAgain.slice(0, limit - page.ids.length);
    return {
      handoffs: [...page.ids, ...shown.map(({ id }) => id)].flatMap((id) => {
        const row = getHandoff({ id });
        return row === undefined ? [] : settledHandoff(handoffRecord(row, row, nowMs), leasedSession(row, nowMs));
      }),
      next: page.last ?? after,
      more: page.more || shown.length < offeredAgain.length,
    };
  };
}

/** Whether an offer belongs to what the list looks through. */
function isFound(offer: ScannedHandoff, request: ListHandoffs): boolean {
  if (request.direction === 'outbox') return offer.requesting_agent === request.agent;
  return addressesOf(request).includes(offer.target_agent);
}

type ListedRow = HandoffRow & LeasedSessionRow;

/** A handoff, and what tells whether the lease of its session lapsed. */
function prepareGetListed(connection: Connection): (args: { id: number }) => ListedRow | undefined {
  return connection.prepare((p: Placeholders<{ id: number }>) =>
    db
      .selectFrom('handoffs')
      .innerJoin('sessions', 'sessions.id', 'handoffs.session_id')
      .selectAll('handoffs')
      .select(leasedSessionColumns.map((column) => `sessions.${column}` as const))
      .where('handoffs.id', '=', p.id),
  ).get;
}

type ReadScanned = (request: ListHandoffs) => ScannedRange<ScannedHandoff>;

/** An agent has several addresses. Each is one range of an index, and the ranges are merged. */
function prepareReadInbox(connection: Connection): ReadScanned {
  const readAny = prepareReadOffers(connection);
  const readPending = prepareReadPendingOffers(connection);

  return (request) => {
    const { namespace, status, after = 0, limit } = request;
    const addresses = addressesOf(request);
    const width = status === undefined ? limit : Math.floor(scanWidth / addresses.length);
    const readAddress = status === 'pending' ? readPending : readAny;
    return mergeRanges(
      addresses.map((targetAgent) =>
        readRange(width, (rows) => readAddress({ namespace, targetAgent, after, limit: rows })),
      ),
    );
  };
}

function prepareReadOutbox(connection: Connection): ReadScanned {
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
    return readRange(width, (rows) => read({ namespace, agent, after, limit: rows }));
  };
}
