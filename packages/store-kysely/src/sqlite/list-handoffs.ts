import { roleAddress, type HandoffPage, type ListHandoffs } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import { handoffRecord, type HandoffRow } from './handoff-row.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';
import {
  isListed,
  prepareReadOffers,
  prepareReadPendingOffers,
  scannedColumns,
  type ScannedHandoff,
} from './read-offers.js';
import { mergeRanges, readRange, scanPage, scanWidth, type ScannedRange } from './scan-page.js';
import type { SessionRow } from './session-row.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';

/** A page, and which of the offers that it looked through are stored as pending although they lapsed. */
export interface ListedHandoffs {
  readonly page: HandoffPage;
  readonly lapsed: readonly number[];
}

export function prepareListHandoffs(connection: Connection): Operation<ListHandoffs, ListedHandoffs> {
  const settleDueLeases = prepareSettleDueLeases(connection);
  const readInbox = prepareReadInbox(connection);
  const readOutbox = prepareReadOutbox(connection);
  const getHandoff = prepareGetListed(connection);

  return (request, nowMs) => {
    const { namespace, after = 0 } = request;
    settleDueLeases(namespace, nowMs);
    const range = request.direction === 'inbox' ? readInbox(request) : readOutbox(request);
    const page = scanPage(range, request.limit, (row) => isListed(row, request, nowMs));
    return {
      page: {
        handoffs: page.ids.flatMap((id) => getHandoff({ id }) ?? []).map((row) => handoffRecord(row, row, nowMs)),
        next: page.last ?? after,
        more: page.more,
      },
      lapsed: range.rows.filter((row) => row.status === 'pending' && row.expires_at <= nowMs).map(({ id }) => id),
    };
  };
}

/** A handoff, and the lease of its session. */
function prepareGetListed(
  connection: Connection,
): (args: { id: number }) => (HandoffRow & Pick<SessionRow, 'lease_handoff_id' | 'lease_expires_at'>) | undefined {
  return connection.prepare((p: Placeholders<{ id: number }>) =>
    db
      .selectFrom('handoffs')
      .innerJoin('sessions', 'sessions.id', 'handoffs.session_id')
      .selectAll('handoffs')
      .select(['sessions.lease_handoff_id', 'sessions.lease_expires_at'])
      .where('handoffs.id', '=', p.id),
  ).get;
}

/** An offer that is stored as expired is no longer among the pending ones: lists look at it once, and not every time. */
export function prepareExpireOffers(connection: Connection): Operation<readonly number[], void> {
  const expire = connection.prepare((p: Placeholders<{ id: number; nowMs: number }>) =>
    db
      .updateTable('handoffs')
      .set({ status: 'expired' })
      .where('id', '=', p.id)
      .where('status', '=', sql.lit('pending'))
      .where('expires_at', '<=', p.nowMs),
  ).run;
  return (ids, nowMs) => {
    for (const id of ids) expire({ id, nowMs });
  };
}

type ReadScanned = (request: ListHandoffs) => ScannedRange<ScannedHandoff>;

/** An agent has several addresses. Each is one range of an index, and the ranges are merged. */
function prepareReadInbox(connection: Connection): ReadScanned {
  const readAny = prepareReadOffers(connection);
  const readPending = prepareReadPendingOffers(connection);

  return ({ namespace, agent, roles, status, after = 0, limit }) => {
    const addresses = [agent, null, ...new Set(roles.map(roleAddress))];
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
