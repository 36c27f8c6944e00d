import { handoffStatus, isOwnRoleOffer, type HandoffStatus, type Inbox, type ListHandoffs } from '@org/domain';
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

/** One range of an index: the offers to one address, of one project or of all, that are stored with one status. */
export interface OfferRange extends Pick<Inbox, 'namespace'> {
  /** Null for offers to anyone. */
  readonly targetAgent: string | null;
  readonly status: HandoffStatus;
  /** Null for offers without a project. Undefined for those of all projects. */
  readonly project: string | null | undefined;
  readonly after: number;
  readonly limit: number;
}

type ReadOffers = (range: OfferRange) => ScannedHandoff[];

/** Reads a range, oldest first. */
export const prepareReadOffers: (connection: Connection) => ReadOffers = preparedOnce((connection) => {
  const readOfAll = prepareReadRange(connection, 'all projects');
  const readOfOne = prepareReadRange(connection, 'one project');
  return ({ project, ...range }) =>
    project === undefined ? readOfAll({ ...range, project: null }) : readOfOne({ ...range, project });
});

type RangeArguments = OfferRange & { readonly project: string | null };

function prepareReadRange(
  connection: Connection,
  projects: 'all projects' | 'one project',
): (args: RangeArguments) => ScannedHandoff[] {
  return connection.prepare((p: Placeholders<RangeArguments>) =>
    db
      .selectFrom('handoffs')
      .select(scannedColumns)
      .where('namespace', '=', p.namespace)
      .$if(projects === 'one project', (query) => query.where('project', 'is', p.project))
      .where('status', '=', p.status)
      .where('target_agent', 'is', p.targetAgent)
      .where('id', '>', p.after)
      .orderBy('id')
      .limit(p.limit),
  ).all;
}
