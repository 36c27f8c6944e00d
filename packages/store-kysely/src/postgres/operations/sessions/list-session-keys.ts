import type { ListSessionKeys } from '@org/domain';
import { afterEveryKey } from '../../../constants.js';
import type { Placeholders } from '../../../prepared-query.js';
import type { Database } from '../../statements/database.js';
import type { Operation } from '../operation.js';
import { db } from '../../statements/query-builder.js';

interface KeyRange {
  readonly namespace: string;
  readonly first: string;
  readonly end: string;
  readonly limit: number;
}

export function prepareListSessionKeys(database: Database): Operation<ListSessionKeys, readonly string[]> {
  const readKeys = database.prepareRead('list_session_keys', (p: Placeholders<KeyRange>) =>
    db
      .selectFrom('sessions')
      .select('session_key')
      .where('namespace', '=', p.namespace)
      .where('session_key', '>=', p.first)
      .where('session_key', '<', p.end)
      .orderBy('session_key')
      .limit(p.limit),
  );
  return async ({ namespace, prefix, limit }) => {
    const rows = await readKeys({ namespace, first: prefix, end: prefix + afterEveryKey, limit });
    return rows.map((row) => row.session_key);
  };
}
