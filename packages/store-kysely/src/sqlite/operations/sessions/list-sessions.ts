import { sessionStatus, type ListSessions, type SessionPage } from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareAreLeasesDue } from '../../leases/lapses.js';
import { observingSessions } from '../../rows/observe-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { readRange, scanPage } from '../../rows/scan-page.js';
import { scanWidth } from '../../../constants.js';
import { isLapsed, type SessionRow } from '../../rows/session-row.js';

export function prepareListSessions(
  connection: Connection,
  notice: NoticeUnsettled,
): Operation<ListSessions, SessionPage> {
  const readScanned = prepareReadScanned(connection, scannedColumns);
  const readScannedLeases = prepareReadScanned(connection, [...scannedColumns, ...leaseColumns]);
  const areLeasesDue = prepareAreLeasesDue(connection);
  const observe = observingSessions(notice);
  const getSession = connection.prepare((p: Placeholders<{ sessionRowId: number }>) =>
    db.selectFrom('sessions').selectAll().where('id', '=', p.sessionRowId),
  ).get;

  return (request, nowMs) => {
    const { namespace, projects, before = Number.MAX_SAFE_INTEGER, status, owner, limit } = request;
    const width = status === undefined && owner === undefined ? limit : scanWidth;
    const read = owner !== undefined && areLeasesDue(namespace, nowMs) ? readScannedLeases : readScanned;
    const range = readRange(width, (rows) => read({ namespace, projects, before, limit: rows }));
    const page = scanPage(range, limit, (row) => isListed(row, request, nowMs));
    return {
      sessions: page.ids
        .flatMap((sessionRowId) => getSession({ sessionRowId }) ?? [])
        .map((row) => observe(row, nowMs)),
      next: page.more ? page.last : undefined,
    };
  };
}

const scannedColumns = ['id', 'state', 'owner', 'last_activity_at', 'ttl_ms'] as const;
/** SQLite reads the metadata before these columns, so a scan of many rows leaves them out if it can. */
const leaseColumns = ['lease_returns_to', 'lease_expires_at'] as const;
/** The columns that the filters use. */
type ScannedSession = Pick<SessionRow, (typeof scannedColumns)[number]> &
  Partial<Pick<SessionRow, (typeof leaseColumns)[number]>>;

interface ScanArguments extends Pick<ListSessions, 'namespace' | 'projects' | 'limit'> {
  readonly before: number;
}

/** Prepares the read of the newest rows. Each project that is asked for is one range of an index. */
function prepareReadScanned(
  connection: Connection,
  columns: readonly (keyof ScannedSession)[],
): (args: ScanArguments) => ScannedSession[] {
  const readOfAll = prepareReadRange(connection, columns, 'all projects');
  const readOfOne = prepareReadRange(connection, columns, 'one project');
  return ({ projects, ...range }) =>
    projects === undefined
      ? readOfAll({ ...range, project: null })
      : [...new Set(projects)]
          .flatMap((project) => readOfOne({ ...range, project }))
          .toSorted((one, another) => another.id - one.id)
          .slice(0, range.limit);
}

type RangeArguments = Omit<ScanArguments, 'projects'> & { readonly project: string | null };

function prepareReadRange(
  connection: Connection,
  columns: readonly (keyof ScannedSession)[],
  projects: 'all projects' | 'one project',
): (args: RangeArguments) => ScannedSession[] {
  return connection.prepare((p: Placeholders<RangeArguments>) =>
    db
      .selectFrom('sessions')
      .select(columns)
      .where('namespace', '=', p.namespace)
      .$if(projects === 'one project', (query) => query.where('project', 'is', p.project))
      .where('id', '<', p.before)
      .orderBy('id', 'desc')
      .limit(p.limit),
  ).all;
}

function isListed(row: ScannedSession, { status, owner, dormantAfterMs }: ListSessions, observedAtMs: number): boolean {
  if (owner !== undefined && ownerOf(row, observedAtMs) !== owner) return false;
  if (status === undefined) return true;
  const { state, last_activity_at: lastActivityAtMs, ttl_ms: ttlMs } = row;
  return sessionStatus({ state, lastActivityAtMs, ttlMs: ttlMs ?? undefined, observedAtMs }, dormantAfterMs) === status;
}

const ownerOf = (
  { state, owner, lease_expires_at: expiresAt, lease_returns_to: returnsTo }: ScannedSession,
  nowMs: number,
) => (isLapsed({ state, lease_expires_at: expiresAt ?? null }, nowMs) ? (returnsTo ?? owner) : owner);
