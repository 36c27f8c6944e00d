import { sessionStatus, type ListSessions, type SessionPage } from '@org/domain';
import type { Placeholders } from '../prepared-query.js';
import type { Connection } from './connection.js';
import type { Operation } from './operation.js';
import { db } from './query-builder.js';
import { readRange, scanPage, scanWidth } from './scan-page.js';
import { sessionRecord, type SessionRow } from './session-row.js';
import { prepareSettleDueLeases } from './settle-due-leases.js';

export function prepareListSessions(connection: Connection): Operation<ListSessions, SessionPage> {
  const settleDueLeases = prepareSettleDueLeases(connection);
  const readScanned = prepareReadScanned(connection);
  const getSession = connection.prepare((p: Placeholders<{ id: number }>) =>
    db.selectFrom('sessions').selectAll().where('id', '=', p.id),
  ).get;

  return (request, nowMs) => {
    const { namespace, before = Number.MAX_SAFE_INTEGER, status, owner, limit } = request;
    settleDueLeases(namespace, nowMs);
    const width = status === undefined && owner === undefined ? limit : scanWidth;
    const range = readRange(width, (rows) => readScanned({ namespace, before, limit: rows }));
    const page = scanPage(range, limit, (row) => isListed(row, request, nowMs));
    return {
      sessions: page.ids.flatMap((id) => getSession({ id }) ?? []).map((row) => sessionRecord(row, nowMs)),
      next: page.more ? page.last : undefined,
    };
  };
}

/** What the filters look at. */
type ScannedSession = Pick<SessionRow, (typeof scannedColumns)[number]>;
const scannedColumns = ['id', 'state', 'owner', 'last_activity_at', 'ttl_ms'] as const;

function prepareReadScanned(
  connection: Connection,
): (args: { namespace: string; before: number; limit: number }) => ScannedSession[] {
  return connection.prepare((p: Placeholders<{ namespace: string; before: number; limit: number }>) =>
    db
      .selectFrom('sessions')
      .select(scannedColumns)
      .where('namespace', '=', p.namespace)
      .where('id', '<', p.before)
      .orderBy('id', 'desc')
      .limit(p.limit),
  ).all;
}

function isListed(row: ScannedSession, { status, owner, dormantAfterMs }: ListSessions, observedAtMs: number): boolean {
  if (owner !== undefined && row.owner !== owner) return false;
  if (status === undefined) return true;
  const { state, last_activity_at: lastActivityAtMs, ttl_ms: ttlMs } = row;
  return sessionStatus({ state, lastActivityAtMs, ttlMs: ttlMs ?? undefined, observedAtMs }, dormantAfterMs) === status;
}
