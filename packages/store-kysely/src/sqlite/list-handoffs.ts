import { handoffStatus, isOwnRoleOffer, roleAddress, type HandoffPage, type ListHandoffs } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import { handoffRecord, type HandoffRow } from './handoff-row.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';
import { mergeRanges, readRange, scanPage, scanWidth, type ScannedRange } from './scan-page.js';

/** A page, and which of the offers that it looked through are stored as pending although they lapsed. */
export interface ListedHandoffs {
  readonly page: HandoffPage;
  readonly lapsed: readonly number[];
}

export function prepareListHandoffs(connection: Connection): Operation<ListHandoffs, ListedHandoffs> {
  const readInbox = prepareReadInbox(connection);
  const readOutbox = prepareReadOutbox(connection);
  const getHandoff = connection.prepare((p: Placeholders<{ id: number }>) =>
    db.selectFrom('handoffs').selectAll().where('id', '=', p.id),
  ).get;

  return (request, nowMs) => {
    const range = request.direction === 'inbox' ? readInbox(request) : readOutbox(request);
    const page = scanPage(range, request.limit, (row) => isListed(row, request, nowMs));
    return {
      page: {
        handoffs: page.ids.flatMap((id) => getHandoff({ id }) ?? []).map((row) => handoffRecord(row, nowMs)),
        next: page.last ?? request.after ?? 0,
        more: page.more,
      },
      lapsed: range.rows.filter((row) => row.status === 'pending' && row.expires_at <= nowMs).map(({ id }) => id),
    };
  };
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

/** What the filters look at. */
type ScannedHandoff = Pick<HandoffRow, (typeof scannedColumns)[number]>;
const scannedColumns = ['id', 'status', 'expires_at', 'requesting_agent', 'target_agent'] as const;

function isListed(row: ScannedHandoff, { direction, agent, status }: ListHandoffs, observedAtMs: number): boolean {
  const addressed = { targetAgent: row.target_agent ?? undefined, requestingAgent: row.requesting_agent };
  if (direction === 'inbox' && isOwnRoleOffer(addressed, agent)) return false;
  return (
    status === undefined || handoffStatus({ status: row.status, expiresAtMs: row.expires_at, observedAtMs }) === status
  );
}

type ReadScanned = (request: ListHandoffs) => ScannedRange<ScannedHandoff>;

/** An agent has several addresses. Each is one range of an index, and the ranges are merged. */
function prepareReadInbox(connection: Connection): ReadScanned {
  const readAny = prepareReadAddress(connection, 'any');
  const readPending = prepareReadAddress(connection, 'pending');

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

interface AddressArguments {
  readonly namespace: string;
  /** Null: what is offered to anyone. */
  readonly targetAgent: string | null;
  readonly after: number;
  readonly limit: number;
}

function prepareReadAddress(
  connection: Connection,
  status: 'any' | 'pending',
): (args: AddressArguments) => ScannedHandoff[] {
  return connection.prepare((p: Placeholders<AddressArguments>) =>
    db
      .selectFrom('handoffs')
      .select(scannedColumns)
      .where('namespace', '=', p.namespace)
      .where('target_agent', 'is', p.targetAgent)
      .where('id', '>', p.after)
      .$if(status === 'pending', (query) => query.where('status', '=', sql.lit('pending')))
      .orderBy('id')
      .limit(p.limit),
  ).all;
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
