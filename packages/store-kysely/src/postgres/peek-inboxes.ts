import { roleAddress, type Inbox } from '@org/domain';
import { sql } from 'kysely';
import { clock } from './clock.js';
import type { Database } from './database.js';
import { isOwnRoleOffer } from './list-handoffs.js';
import type { Operation } from './operation.js';
import { statement } from './query-builder.js';
import { place } from './scan.js';
import { areLeasesDue, prepareSettleDueLeases } from './settle-due-leases.js';
import { untilAnswered } from './until-answered.js';

export function preparePeekInboxes(database: Database): Operation<readonly Inbox[], readonly boolean[]> {
  const peek = preparePeek(database);
  const settleDueLeases = prepareSettleDueLeases(database);

  return async (inboxes) => {
    if (inboxes.length === 0) return [];
    const { probes, namespaces } = probesOf(inboxes);
    const found = await untilAnswered(async () => {
      const [answer] = await peek({ ...probes, namespaces });
      if (answer?.leases_due === true && (await settleDueLeases(namespaces))) return undefined;
      return answer?.found ?? [];
    });
    const hasOffers = new Set(found);
    return inboxes.map((_, index) => hasOffers.has(index));
  };
}

/** Every address of every inbox is looked up. */
function probesOf(inboxes: readonly Inbox[]) {
  const probes = inboxes.flatMap(({ namespace, agent, roles, after }, index) =>
    [agent, '', ...new Set(roles.map(roleAddress))].map((address) => ({ index, namespace, agent, address, after })),
  );
  return {
    namespaces: [...new Set(inboxes.map(({ namespace }) => namespace))],
    probes: {
      indexes: probes.map(({ index }) => index),
      probeNamespaces: probes.map(({ namespace }) => namespace),
      agents: probes.map(({ agent }) => agent),
      addresses: probes.map(({ address }) => address),
      afters: probes.map(({ after }) => after),
    },
  };
}

type Probes = ReturnType<typeof probesOf>['probes'] & { readonly namespaces: readonly string[] };

interface Answer {
  readonly leases_due: boolean;
  /** The indexes of the inboxes with an offer; null: none has one. */
  readonly found: readonly number[] | null;
}

function preparePeek(database: Database): (probes: Probes) => Promise<Answer[]> {
  return database.prepareRead('peek_inboxes', (p) =>
    statement<Answer>(sql`
      with clock as materialized (select ${clock(p)} as now),
      probe as materialized (
        select * from unnest(
          ${p.indexes}::integer[], ${p.probeNamespaces}::text[], ${p.agents}::text[], ${p.addresses}::text[],
          ${p.afters}::bigint[]
        ) as probe (index, namespace, agent, address, after)
      )
      select exists (
          select from clock, unnest(${p.namespaces}::text[]) as wanted
          where ${areLeasesDue(sql`wanted`, sql`clock.now`)}
        ) as leases_due,
        (
          select array_agg(distinct probe.index)
          from clock, probe cross join lateral (
            select from handoffs
            where handoffs.namespace = probe.namespace and coalesce(target_agent, '') = probe.address
              and ${place} > probe.after and status = 'pending' and expires_at > clock.now
              and ${isOwnRoleOffer(sql`probe.agent`)} is not true
            order by ${place} limit 1
          ) as offer
        ) as found`),
  );
}
