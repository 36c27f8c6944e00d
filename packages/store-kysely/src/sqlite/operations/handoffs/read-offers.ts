import { addressesBeside, handoffStatus, isOwnRoleOffer, type ListHandoffs } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import type { HandoffRow } from '../../rows/handoff-row.js';
import { preparedOnce } from '../../connection/prepared-once.js';
import { db } from '../../connection/query-builder.js';

/** The columns that the filters of lists use. */
export type ScannedHandoff = Pick<HandoffRow, (typeof scannedColumns)[number]>;
export const scannedColumns = [
  'id',
  'session_id',
  'request_type',
  'status',
  'expires_at',
  'requesting_agent',
  'target_agent',
] as const;

/** The addresses whose offers an inbox holds. Null is the address of offers to anyone. */
export const addressesOf = (inbox: Pick<ListHandoffs, 'agent' | 'roles' | 'formerName'>): (string | null)[] => [
  inbox.agent,
  null,
  ...addressesBeside(inbox),
];

/** @param row undefined for a handoff that a lapse moves to another place in the lists */
export function isListed(
  row: ScannedHandoff | undefined,
  { direction, agent, status }: Pick<ListHandoffs, 'direction' | 'agent' | 'status'>,
  observedAtMs: number,
): boolean {
  if (row === undefined) return false;
  const addressed = { targetAgent: row.target_agent ?? undefined, requestingAgent: row.requesting_agent };
  if (direction === 'inbox' && isOwnRoleOffer(addressed, agent)) return false;
  return (
    status === undefined || handoffStatus({ status: row.status, expiresAtMs: row.expires_at, observedAtMs }) === status
  );
}

interface AddressArguments {
  readonly namespace: string;
  /** Null for offers to anyone. */
  readonly targetAgent: string | null;
  readonly after: number;
  readonly limit: number;
}

type ReadAddress = (args: AddressArguments) => ScannedHandoff[];

/** Reads the offers to one address, oldest first. They are one range of an index. */
export const prepareReadOffers: (connection: Connection) => ReadAddress = preparedOnce((connection) =>
  prepareReadAddress(connection, 'any'),
);

/** Reads only the offers that are stored as pending. */
export const prepareReadPendingOffers: (connection: Connection) => ReadAddress = preparedOnce((connection) =>
  prepareReadAddress(connection, 'pending'),
);

function prepareReadAddress(connection: Connection, status: 'any' | 'pending'): ReadAddress {
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
