import type { ListSessions, SessionPage } from '@org/domain';
import { sql, type Nullable } from 'kysely';
import { scanWidth } from '../../../constants.js';
import type { NoticeUnsettled } from '../../../settler.js';
import { observingSessions } from '../../rows/observe-session.js';
import { place } from '../../rows/scan.js';
import { isLapsed, isWithinTtl, sessionColumns, type SessionRow } from '../../rows/session-row.js';
import { epochMs, milliseconds, withClock, type Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { arrayOf, cast, matches, unnest } from '../../statements/expressions.js';
import { db } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

export function prepareListSessions(database: Database, notice: NoticeUnsettled): Operation<ListSessions, SessionPage> {
  const readAll = prepareRead(database, 'all projects');
  const readProjects = prepareRead(database, 'some projects');
  const observe = observingSessions(notice);

  return async (request) => {
    const { namespace, before = Number.MAX_SAFE_INTEGER, status = null, owner = null, dormantAfterMs, limit } = request;
    // The index holds an empty text for what has no project.
    const projects = [...new Set(request.projects?.map((project) => project ?? ''))];
    const read = request.projects === undefined ? readAll : readProjects;
    const width = status === null && owner === null ? limit : scanWidth;
    const rows = await read({ namespace, projects, before, status, owner, dormantAfterMs, width, limit });
    const listed = rows.filter(isListed).toSorted((a, b) => b.id - a.id);
    return {
      sessions: listed.map((row) => observe(row, row.observed_at)),
      next: nextPosition(rows[0], listed.length === limit ? listed.at(-1)?.id : undefined, width),
    };
  };
}

/** What was examined, the same in every row. */
interface Scan {
  /** How many rows were read: one more than a page examines, if there are that many. */
  readonly scanned: number;
  /** The id of the last of them. Null if there were none. */
  readonly last_scanned: number | null;
}

/** A page without sessions has one row without one. */
const isListed = <Row extends Nullable<SessionRow>>(row: Row): row is Row & SessionRow => row.id !== null;

/** The next page begins before the last session of a full page, or else before the last row that was examined. */
function nextPosition(scan: Scan | undefined, lastListed: number | undefined, width: number): number | undefined {
  if (scan === undefined || scan.last_scanned === null) return undefined;
  if (lastListed !== undefined) return lastListed > scan.last_scanned ? lastListed : undefined;
  return scan.scanned > width ? scan.last_scanned + 1 : undefined;
}

interface PageArguments extends Pick<ListSessions, 'namespace' | 'dormantAfterMs' | 'limit'> {
  /** Not used for all projects. */
  readonly projects: readonly string[];
  readonly before: number;
  readonly status: string | null;
  readonly owner: string | null;
  readonly width: number;
}

type Projects = 'all projects' | 'some projects';

function prepareRead(database: Database, projects: Projects) {
  const name = projects === 'all projects' ? 'list_sessions' : 'list_sessions_of_projects';
  return database.prepareRead(name, (p: Clocked<PageArguments>) =>
    selectListed(p, projects)
      .with(
        (cte) => cte('scan').materialized(),
        (query) =>
          query
            .selectFrom('scanned')
            .select(({ fn }) => [fn.countAll<number>().as('scanned'), fn.min('id').as('last_scanned')]),
      )
      .selectFrom(['clock', 'scan'])
      .leftJoin(
        (eb) =>
          eb
            .selectFrom('sessions')
            .select(sessionColumns)
            .where('id', '=', eb.fn.any(arrayOf(eb.selectFrom('listed').select('id'))))
            .as('session'),
        (join) => join.onTrue(),
      )
      .selectAll('scan')
      .select((eb) => epochMs(eb.ref('clock.now')).as('observed_at'))
      .selectAll('session'),
  );
}

/** Begins a query with the rows that a page looks through, and with those that it lists. */
const selectListed = (p: Clocked<PageArguments>, projects: Projects) =>
  withClock(p)
    .with(
      (cte) => cte('scanned').materialized(),
      () => (projects === 'all projects' ? newest(p) : newestOfProjects(p)),
    )
    .with(
      (cte) => cte('looked').materialized(),
      (query) =>
        query.selectFrom(['scanned', 'clock']).select((eb) => [
          'scanned.id',
          eb.fn.agg<number>('row_number').over().as('ordinal'),
          eb
            .case()
            .when('state', '<>', sql.lit('active'))
            .then(eb.ref('state'))
            .when(eb.not(isWithinTtl('scanned', eb.ref('now'))))
            .then(sql.lit('expired'))
            .when(sql`${eb.ref('last_activity_at')} + ${milliseconds(p.dormantAfterMs)}`, '<=', eb.ref('now'))
            .then(sql.lit('dormant'))
            .else(sql.lit('active'))
            .end()
            .as('status'),
          eb
            .case()
            .when(isLapsed('scanned', eb.ref('now')))
            .then(eb.ref('lease_returns_to'))
            .else(eb.ref('owner'))
            .end()
            .as('settled_owner'),
        ]),
    )
    .with(
      (cte) => cte('listed').materialized(),
      (query) =>
        query
          .selectFrom('looked')
          .select('id')
          .where('ordinal', '<=', cast(p.width, 'integer'))
          .where((eb) => matches(p.owner, eb.ref('settled_owner')))
          .where((eb) => matches(p.status, eb.ref('status')))
          .orderBy('id', 'desc')
          .limit(cast(p.limit, 'integer')),
    );

/** The columns that the filters use. */
const scannedColumns = [
  'id',
  'state',
  'owner',
  'last_activity_at',
  'ttl_ms',
  'lease_returns_to',
  'lease_expires_at',
] as const;

/** One row more than a page examines, newest first. */
const newest = (p: Clocked<PageArguments>) =>
  db
    .selectFrom('sessions')
    .select(scannedColumns)
    .where('namespace', '=', p.namespace)
    .where(place, '<', cast(p.before, 'bigint'))
    .orderBy(place, 'desc')
    .limit(sql<number>`${cast(p.width, 'integer')} + 1`);

/** The same of some projects. Each is one range of an index. */
const newestOfProjects = (p: Clocked<PageArguments>) =>
  db
    .selectFrom(unnest('wanted', { project: cast(p.projects, 'text[]') }))
    .crossJoinLateral((eb) =>
      newest(p)
        .where(sql<string>`coalesce(project, '')`, '=', eb.ref('wanted.project'))
        .as('found'),
    )
    .select(scannedColumns)
    .orderBy('id', 'desc')
    .limit(sql<number>`${cast(p.width, 'integer')} + 1`);
