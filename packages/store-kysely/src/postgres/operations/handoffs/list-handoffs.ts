import {
  composePage,
  handoffStatus,
  inboxClasses,
  inboxClassOf,
  refusePosition,
  startOf,
  type HandoffPage,
  type ListedHandoff,
  type ListHandoffs,
  type ScannedClass,
} from '@org/domain';
import { scanWidth } from '../../../constants.js';
import { addressesOf, storedStatuses } from '../../../handoff-ranges.js';
import type { NoticeUnsettled } from '../../../settler.js';
import { observedAt, type Clocked } from '../../statements/clock.js';
import { onlyRow, type Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';
import { leasedHandoffs, observedHandoff } from './read-handoff.js';
import { prepareScanHandoffs, type Scan, type ScanArguments } from './scan-handoffs.js';

export function prepareListHandoffs(database: Database, notice: NoticeUnsettled): Operation<ListHandoffs, HandoffPage> {
  const scanAll = {
    inbox: prepareScanHandoffs(database, 'inbox'),
    outbox: prepareScanHandoffs(database, 'outbox'),
  };
  const scanProjects = {
    inbox: prepareScanHandoffs(database, 'inbox_of_project'),
    outbox: prepareScanHandoffs(database, 'outbox_of_project'),
  };
  const readListed = prepareReadListed(database);

  return async (request) => {
    const { namespace, direction, projects, status, after = 0, limit } = request;
    const scanRanges = (projects === undefined ? scanAll : scanProjects)[direction];
    const scan = onlyRow(await scanRanges(scanArguments(request)));
    const refusal = refusePosition(after, scan.last_place);
    if (refusal !== undefined) throw refusal;
    if (scan.has_due || scan.expired !== null) notice({ namespace, expired: scan.expired ?? [] });

    const takesTurns = direction === 'inbox' && status === 'pending';
    const page = composePage(scannedClasses(scan, direction), { after, limit, takesTurns });
    const oldest = new Map(scan.oldest?.map((row) => [row.id, observedHandoff(row, scan.observed_at)]));
    const others = page.handoffs.filter(({ id }) => !oldest.has(id)).map(({ id }) => id);
    const read = others.length === 0 ? [] : await readListed({ handoffRowIds: others });
    const records = new Map([
      ...oldest,
      ...read.map((row) => [row.id, observedHandoff(row, row.observed_at)] as const),
    ]);
    return {
      ...page,
      // The second statement runs later, so its handoffs may have been accepted in between.
      handoffs: page.handoffs
        .flatMap(({ id }) => records.get(id) ?? [])
        .filter((record) => status === undefined || handoffStatus(record) === status),
    };
  };
}

interface Listed extends ListedHandoff {
  readonly id: number;
}

const scannedClasses = (scan: Scan, direction: ListHandoffs['direction']): ScannedClass<Listed>[] =>
  (direction === 'outbox' ? [0] : inboxClasses).map((index) => {
    const { last = 0, cut_after: cutAfter = null } = scan.classes?.find((each) => each.class === index) ?? {};
    const listed = scan.listed?.filter((each) => each.class === index) ?? [];
    return {
      handoffs: listed.map(({ id, sender, is_offered_again: again }) => ({ id, sender, place: again ? Infinity : id })),
      last: cutAfter ?? last,
      isCut: cutAfter !== null,
    };
  });

/** Names the ranges to read: one for each address, in each project that is asked for, with each stored status. */
function scanArguments(request: ListHandoffs): ScanArguments {
  const { namespace, agent, direction, projects = [null], status, after = 0, limit } = request;
  const isInbox = direction === 'inbox';
  // An index holds an empty text for an offer to anyone, and for one without a project.
  const ranges = (isInbox ? addressesOf(request) : [agent]).flatMap((target) =>
    [...new Set(projects)].flatMap((project) =>
      (isInbox ? storedStatuses(status) : [null]).map((stored) => ({
        address: target ?? '',
        class: isInbox ? inboxClassOf(target, agent) : 0,
        project: project ?? '',
        status: stored,
      })),
    ),
  );
  return {
    namespace,
    agent,
    limit,
    addresses: ranges.map(({ address }) => address),
    classes: ranges.map((range) => range.class),
    starts: ranges.map((range) => startOf(after, range.class)),
    projects: ranges.map(({ project }) => project),
    statuses: ranges.map((range) => range.status),
    status: status ?? null,
    width: status === undefined ? limit : Math.floor(scanWidth / ranges.length),
  };
}

function prepareReadListed(database: Database) {
  return database.prepareRead('read_listed', (p: Clocked<{ readonly handoffRowIds: readonly number[] }>) =>
    leasedHandoffs
      .select(observedAt(p))
      .where('handoffs.id', '=', ({ fn }) => fn.any(cast(p.handoffRowIds, 'bigint[]'))),
  );
}
