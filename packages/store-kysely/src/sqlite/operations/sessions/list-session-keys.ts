import type { ListSessionKeys } from '@org/domain';
import { afterEveryKey } from '../../../constants.js';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';

export function prepareListSessionKeys(connection: Connection): Operation<ListSessionKeys, readonly string[]> {
  const readKeys = connection.prepare(
    (p: Placeholders<{ namespace: string; first: string; end: string; limit: number }>) =>
      db
        .selectFrom('sessions')
        .select('session_key')
        .where('namespace', '=', p.namespace)
        .where('session_key', '>=', p.first)
        .where('session_key', '<', p.end)
        .orderBy('session_key')
        .limit(p.limit),
  );
  return ({ namespace, prefix, limit }) =>
    readKeys.all({ namespace, first: prefix, end: prefix + afterEveryKey, limit }).map((row) => row.session_key);
}
