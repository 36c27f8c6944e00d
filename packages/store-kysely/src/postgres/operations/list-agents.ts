import { limits, type ListAgents } from '@org/domain';
import type { Placeholders } from '../../prepared-query.js';
import type { Database } from '../statements/database.js';
import { db } from '../statements/query-builder.js';
import type { Operation } from './operation.js';

export function prepareListAgents(database: Database): Operation<ListAgents, readonly string[]> {
  const read = database.prepareRead('list_agents', (p: Placeholders<ListAgents>) =>
    db
      .selectFrom('seen_agents')
      .select('agent')
      .where('namespace', '=', p.namespace)
      .orderBy('last_seen_at', 'desc')
      .orderBy('agent')
      .limit(p.limit),
  );
  return async ({ namespace, limit }) => {
    const rows = await read({ namespace, limit: Math.min(limit, limits.agentsKept) });
    return rows.map(({ agent }) => agent);
  };
}
