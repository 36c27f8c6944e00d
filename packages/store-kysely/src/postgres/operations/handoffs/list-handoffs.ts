import {
  composePage,
  handoffStatus,
  inboxClasses,
  inboxClassOf,
  refusePosition,
  addressesBeside,
  startOf,
  type HandoffPage,
  type ListedHandoff,
  type ListHandoffs,
  type ScannedClass,
} from '@org/domain';
import { scanWidth } from '../../../constants.js';
import type { NoticeUnsettled } from '../../../settler.js';
import { observedAt, type Clocked } from '../../statements/clock.js';
import { onlyRow, type Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';
import { leasedHandoffs, observedHandoff } from './read-handoff.js';
import { prepareScanHandoffs, type Scan, type ScanArguments } from './scan-handoffs.js';

export function prepareListHandoffs(database: Database, notice: NoticeUnsettled): Operation<ListHandoffs, HandoffPage> {
  const scanInbox = prepareScanHandoffs(database, 'inbox');
  const scanPendingInbox = prepareScanHandoffs(database, 'pending_inbox');
  const scanOutbox = prepareScanHandoffs(database, 'outbox');
  const readListed = prepareReadListed(database);

  return async (request) => {
    const { namespace, direction, status, after = 0, limit } = request;
    const scanRange = direction === 'outbox' ? scanOutbox : status === 'pending' ? scanPendingInbox : scanInbox;
    const scan = onlyRow(await scanRange(scanArguments(request)));
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

function scanArguments(list: ListHandoffs): ScanArguments {
  const { namespace, agent, direction, status, after = 0, limit } = list;
  const addresses = direction === 'outbox' ? [agent] : [agent, ...addressesBeside(list), ''];
  const classes = addresses.map((address) => (direction === 'outbox' ? 0 : inboxClassOf(address || null, agent)));
  const starts = classes.map((index) => startOf(after, index));
  const width = status === undefined ? limit : Math.floor(scanWidth / addresses.length);
  return { namespace, agent, limit, addresses, classes, starts, status: status ?? null, width };
}

function prepareReadListed(database: Database) {
  return database.prepareRead('read_listed', (p: Clocked<{ readonly handoffRowIds: readonly number[] }>) =>
    leasedHandoffs
      .select(observedAt(p))
      .where('handoffs.id', '=', ({ fn }) => fn.any(cast(p.handoffRowIds, 'bigint[]'))),
  );
}
