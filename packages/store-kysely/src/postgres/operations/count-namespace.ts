import type { CountNamespace, NamespaceCounts } from '@org/domain';
import { sql } from 'kysely';
import type { NoticeUnsettled } from '../../settler.js';
import { isCancelledByLapse, oneNamespace, withLapses } from '../leases/lapses.js';
import { place } from '../rows/scan.js';
import type { Clocked } from '../statements/clock.js';
import { onlyRow, type Database } from '../statements/database.js';
import { cast } from '../statements/expressions.js';
import { addressOf, storedStatus } from './handoffs/scan-handoffs.js';
import type { Operation } from './operation.js';

export function prepareCountNamespace(
  database: Database,
  notice: NoticeUnsettled,
): Operation<CountNamespace, NamespaceCounts> {
  const read = prepareRead(database);
  return async ({ namespace, limit }) => {
    const row = onlyRow(await read({ namespace, limit }));
    if (row.has_due) notice({ namespace });
    return { sessions: row.sessions, pendingHandoffs: row.pending_handoffs };
  };
}

function prepareRead(database: Database) {
  return database.prepareRead('count_namespace', (p: Clocked<CountNamespace>) => {
    const limit = cast(p.limit, 'integer');
    return withLapses(p, oneNamespace(p.namespace))
      .with(
        (cte) => cte('found').materialized(),
        (query) =>
          query
            .selectFrom('handoffs')
            .select(['session_id', 'request_type', 'expires_at'])
            .where('namespace', '=', p.namespace)
            .where(storedStatus, '=', sql.lit('pending'))
            .orderBy(addressOf('handoffs'))
            .orderBy(place)
            .limit(limit),
      )
      .selectNoFrom((eb) => {
        const sessions = eb.selectFrom('sessions').where('namespace', '=', p.namespace).orderBy(place).limit(limit);
        const stored = eb
          .selectFrom(['clock', 'found'])
          .select(count)
          .whereRef('found.expires_at', '>', 'clock.now')
          .where(eb.not(isCancelledByLapse('found')));
        const offeredAgain = eb
          .selectFrom(['clock', 'lapsed'])
          .select(count)
          .whereRef('lapsed.expires_at', '>', 'clock.now');
        return [
          sql<boolean>`exists ${eb.selectFrom('due')}`.as('has_due'),
          eb.selectFrom(sessions.as('some')).select(count).$asScalar().as('sessions'),
          sql<number>`least(${limit}, ${stored} + ${offeredAgain})`.as('pending_handoffs'),
        ];
      });
  });
}

const count = sql<number>`count(*)`.as('count');
