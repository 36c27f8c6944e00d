import { limits, type ListAgents } from '@org/domain';
import type { Placeholders } from '../../prepared-query.js';
import type { Connection } from '../connection/connection.js';
import { db } from '../connection/query-builder.js';
import type { Operation } from './operation.js';

export function prepareListAgents(connection: Connection): Operation<ListAgents, readonly string[]> {
  const read = connection.prepare((p: Placeholders<ListAgents>) =>
    db
      .selectFrom('seen_agents')
      .select('agent')
      .where('namespace', '=', p.namespace)
      .orderBy('last_seen_at', 'desc')
      .orderBy('agent')
      .limit(p.limit),
  );
  return ({ namespace, limit }) =>
    read.all({ namespace, limit: Math.min(limit, limits.agentsKept) }).map(({ agent }) => agent);
}
