import { inboxClassOf, roleAddress, startOf, type Inbox } from '@org/domain';
import { sql } from 'kysely';
import { clock } from '../../statements/clock.js';
import type { NoticeUnsettled } from '../../../settler.js';
import type { Database } from '../../statements/database.js';
import { findLapses, isCancelledByLapse } from '../../leases/lapses.js';
import { isOwnRoleOffer } from './scan-handoffs.js';
import type { Operation } from '../operation.js';
import { statement } from '../../statements/query-builder.js';
import { place } from '../../rows/scan.js';

export function preparePeekInboxes(
  database: Database,
  notice: NoticeUnsettled,
): Operation<readonly Inbox[], readonly boolean[]> {
  const peek = preparePeek(database);

  return async (inboxes) => {
    if (inboxes.length === 0) return [];
    const [answer] = await peek(probesOf(inboxes));
    for (const namespace of answer?.due ?? []) notice({ namespace });
    const hasOffers = new Set(answer?.found ?? []);
    return inboxes.map((_, index) => hasOffers.has(index));
  };
}

/** Every address of every inbox is looked up. */
function probesOf(inboxes: readonly Inbox[]) {
  const probes = inboxes.flatMap(({ namespace, agent, roles, after }, index) =>
    [agent, '', ...new Set(roles.map(roleAddress))].map((address) => {
      const start = startOf(after, inboxClassOf(address || null, agent));
      return { index, namespace, agent, address, start };
    }),
  );
  return {
    namespaces: [...new Set(inboxes.map(({ namespace }) => namespace))],
    indexes: probes.map(({ index }) => index),
    probeNamespaces: probes.map(({ namespace }) => namespace),
    agents: probes.map(({ agent }) => agent),
    addresses: probes.map(({ address }) => address),
    starts: probes.map(({ start }) => start),
  };
}

type Probes = ReturnType<typeof probesOf>;

interface Answer {
  /** The namespaces with leases that may have lapsed, which nothing has stored yet; null: none has any. */
  readonly due: readonly string[] | null;
  /** The indexes of the inboxes with an offer; null: none has one. */
  readonly found: readonly number[] | null;
}

function preparePeek(database: Database): (probes: Probes) => Promise<Answer[]> {
  return database.prepareRead('peek_inboxes', (p) =>
    statement<Answer>(sql`
      with clock as materialized (select ${clock(p)} as now), ${findLapses(sql`unnest(${p.namespaces}::text[])`)},
      probe as materialized (
        select * from unnest(
          ${p.indexes}::integer[], ${p.probeNamespaces}::text[], ${p.agents}::text[], ${p.addresses}::text[],
          ${p.starts}::bigint[]
        ) as probe (index, namespace, agent, address, start)
      ), found as (
        select probe.index
        from clock, probe cross join lateral (
          select from handoffs
          where handoffs.namespace = probe.namespace and coalesce(target_agent, '') = probe.address
            and ${place} > probe.start and status = 'pending' and expires_at > clock.now
            and ${isOwnRoleOffer(sql`probe.agent`)} is not true
            and not ${isCancelledByLapse(sql`handoffs`)}
          order by ${place} limit 1
        ) as offer
        union all
        select probe.index
        from clock, probe join lapsed on lapsed.namespace = probe.namespace
          and coalesce(lapsed.target_agent, '') = probe.address
        where lapsed.expires_at > clock.now and ${isOwnRoleOffer(sql`probe.agent`)} is not true
      )
      select (select array_agg(distinct namespace) from due) as due,
        (select array_agg(distinct index) from found) as found`),
  );
}
