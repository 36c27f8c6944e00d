import { addressesBeside, inboxClassOf, startOf, type Inbox } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import { isCancelledByLapse, withLapses } from '../../leases/lapses.js';
import { place } from '../../rows/scan.js';
import type { Clocked } from '../../statements/clock.js';
import { onlyRow, type Database } from '../../statements/database.js';
import { cast, unnest } from '../../statements/expressions.js';
import type { Operation } from '../operation.js';
import { addressOf, isOpenTo } from './scan-handoffs.js';

export function preparePeekInboxes(
  database: Database,
  notice: NoticeUnsettled,
): Operation<readonly Inbox[], readonly boolean[]> {
  const peek = preparePeek(database);

  return async (inboxes) => {
    if (inboxes.length === 0) return [];
    const { due, found } = onlyRow(await peek(probesOf(inboxes)));
    for (const namespace of due ?? []) notice({ namespace });
    const hasOffers = new Set(found);
    return inboxes.map((_, index) => hasOffers.has(index));
  };
}

/** Returns the arguments of the statement: one look-up for each address of each inbox. */
function probesOf(inboxes: readonly Inbox[]) {
  const probes = inboxes.flatMap((inbox, index) =>
    [inbox.agent, '', ...addressesBeside(inbox)].map((address) => {
      const { namespace, agent, after } = inbox;
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

const preparePeek = (database: Database) =>
  database.prepareRead('peek_inboxes', (p: Clocked<Probes>) =>
    withFound(p).selectNoFrom((eb) => [
      // The namespaces with leases that may have lapsed and are not stored as lapsed yet. Null if there are none.
      eb
        .selectFrom('due')
        .select(({ fn }) => fn.agg<string[]>('array_agg', ['namespace']).distinct().as('namespaces'))
        .as('due'),
      // The indexes of the inboxes with an offer. Null if there are none.
      eb
        .selectFrom('found')
        .select(({ fn }) => fn.agg<number[]>('array_agg', ['index']).distinct().as('indexes'))
        .as('found'),
    ]),
  );

/** Begins a query with the inboxes that have an offer: a stored one, or one that a lapse makes pending again. */
const withFound = (p: Clocked<Probes>) =>
  withProbes(p).with('found', (query) =>
    query
      .selectFrom(['clock', 'probe'])
      .crossJoinLateral((eb) =>
        eb
          .selectFrom('handoffs')
          .whereRef('handoffs.namespace', '=', 'probe.namespace')
          .where(addressOf('handoffs'), '=', eb.ref('probe.address'))
          .where(place, '>', eb.ref('probe.start'))
          .where('status', '=', sql.lit('pending'))
          .whereRef('expires_at', '>', 'clock.now')
          .where(isOpenTo(eb.ref('probe.agent'), 'handoffs'))
          .where(eb.not(isCancelledByLapse('handoffs')))
          .orderBy(place)
          .limit(sql.lit(1))
          .as('offer'),
      )
      .select('probe.index')
      .unionAll(
        query
          .selectFrom(['clock', 'probe'])
          .innerJoin('lapsed', (join) =>
            join
              .onRef('lapsed.namespace', '=', 'probe.namespace')
              .on((eb) => eb(addressOf('lapsed'), '=', eb.ref('probe.address'))),
          )
          .select('probe.index')
          .whereRef('lapsed.expires_at', '>', 'clock.now')
          .where((eb) => isOpenTo(eb.ref('probe.agent'), 'lapsed')),
      ),
  );

const withProbes = (p: Clocked<Probes>) =>
  withLapses(p, unnest('wanted', { namespace: cast(p.namespaces, 'text[]') })).with(
    (cte) => cte('probe').materialized(),
    (query) =>
      query
        .selectFrom(
          unnest('probe', {
            index: cast(p.indexes, 'integer[]'),
            namespace: cast(p.probeNamespaces, 'text[]'),
            agent: cast(p.agents, 'text[]'),
            address: cast(p.addresses, 'text[]'),
            start: cast(p.starts, 'bigint[]'),
          }),
        )
        .selectAll(),
  );
