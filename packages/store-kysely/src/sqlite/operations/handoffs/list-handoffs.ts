import {
  composePage,
  inboxClasses,
  inboxClassOf,
  isOfProjects,
  refusePosition,
  startOf,
  type HandoffPage,
  type ListHandoffs,
} from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFindLapses, type LapsedOffer } from '../../leases/lapses.js';
import { prepareGetLastPlace } from '../../rows/last-place.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { leasedHandoffs, observedHandoff } from './read-handoff.js';
import { isListed, prepareReadOffers, scannedColumns, type ScannedHandoff } from './read-offers.js';
import { mergeRanges, readRange, type ScannedRange } from '../../rows/scan-page.js';
import { scanWidth } from '../../../constants.js';
import { addressesOf, storedStatuses } from '../../../handoff-ranges.js';

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
    const classRanges = direction === 'inbox' ? readInbox(request) : [readOutbox(request)];
    const rows = classRanges.flatMap((range) => range.rows);
    const expired = rows.filter((row) => settle(row)?.status === 'pending' && row.expires_at <= nowMs);
    if (expired.length > 0) notice({ namespace, expired: expired.map(({ id }) => id) });

    // They follow all stored handoffs, so they are listed only if no range was cut off.
    const isKnown = classRanges.every(({ more }) => !more);
    const again = isKnown ? offers.filter((offer) => isFound(offer, request) && isListed(offer, request, nowMs)) : [];
    const classes = classRanges.map((range, index) => ({
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
function isFound(offer: LapsedOffer, request: ListHandoffs): boolean {
  if (!isOfProjects(request.projects, offer.project)) return false;
  if (request.direction === 'outbox') return offer.requesting_agent === request.agent;
  return addressesOf(request).includes(offer.target_agent);
}

type Range = ScannedRange<ScannedHandoff>;

/** Each project that is asked for is one range of an index, or all of them together are. */
const rangesOfProjects = ({ projects }: ListHandoffs): readonly (string | null | undefined)[] =>
  projects === undefined ? [undefined] : [...new Set(projects)];

/** An agent has several addresses. Each is a few ranges of an index, and the ranges of a class are merged. */
function prepareReadInbox(connection: Connection): (request: ListHandoffs) => Range[] {
  const read = prepareReadOffers(connection);

  return (request) => {
    const { namespace, agent, status: shown, after = 0, limit } = request;
    const ranges = addressesOf(request).flatMap((targetAgent) =>
      rangesOfProjects(request).flatMap((project) =>
        storedStatuses(shown).map((status) => ({ namespace, targetAgent, project, status })),
      ),
    );
    const width = shown === undefined ? limit : Math.floor(scanWidth / ranges.length);
    return inboxClasses.map((index) =>
      mergeRanges(
        ranges
          .filter(({ targetAgent }) => inboxClassOf(targetAgent, agent) === index)
          .map((range) => readRange(width, (rows) => read({ ...range, after: startOf(after, index), limit: rows }))),
      ),
    );
  };
}

interface OutboxRange extends Pick<ListHandoffs, 'namespace' | 'agent' | 'limit'> {
  /** Not used for all projects. */
  readonly project: string | null;
  readonly after: number;
}

function prepareReadOutbox(connection: Connection): (request: ListHandoffs) => Range {
  const prepare = (projects: 'all projects' | 'one project') =>
    connection.prepare((p: Placeholders<OutboxRange>) =>
      db
        .selectFrom('handoffs')
        .select(scannedColumns)
        .where('namespace', '=', p.namespace)
        .$if(projects === 'one project', (query) => query.where('project', 'is', p.project))
        .where('requesting_agent', '=', p.agent)
        .where('id', '>', p.after)
        .orderBy('id')
        .limit(p.limit),
    ).all;
  const [readOfAll, readOfOne] = [prepare('all projects'), prepare('one project')];

  return (request) => {
    const { namespace, agent, status, after: position = 0, limit } = request;
    const projects = rangesOfProjects(request);
    const width = status === undefined ? limit : Math.floor(scanWidth / projects.length);
    const after = startOf(position, 0);
    return mergeRanges(
      projects.map((project) =>
        readRange(width, (rows) =>
          project === undefined
            ? readOfAll({ namespace, agent, project: null, after, limit: rows })
            : readOfOne({ namespace, agent, project, after, limit: rows }),
        ),
      ),
    );
  };
}
