import { refuseMark, sessionNotFound, type MarkRead, type ReadMark } from '@org/domain';
import { sql } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import { retryOnConflict } from '../../mutation/retry-on-conflict.js';
import { sessionByKey } from '../../rows/session-row.js';
import { insertInto } from '../../statements/changes.js';
import { commitDurably } from '../../statements/commit-durably.js';
import type { Database } from '../../statements/database.js';
import { cast } from '../../statements/expressions.js';
import { statement } from '../../statements/query-builder.js';
import type { Operation } from '../operation.js';

export function prepareMarkRead(database: Database): Operation<MarkRead, ReadMark> {
  const read = prepareReadMark(database);
  const move = prepareMoveMark(database);

  return ({ namespace, sessionKey, agent, sequence }) =>
    // The session may be deleted while its mark is written.
    retryOnConflict(async () => {
      const [row] = await (sequence === undefined
        ? read({ namespace, sessionKey, agent })
        : move({ namespace, sessionKey, agent, sequence }));
      if (row === undefined) throw sessionNotFound(sessionKey);
      const lastSequence = row.last_sequence;
      const refusal = refuseMark(sequence ?? 0, { sessionKey, lastSequence });
      if (refusal !== undefined) throw refusal;
      return { sequence: row.sequence, lastSequence };
    });
}

interface MarkRow {
  readonly sequence: number;
  readonly last_sequence: number;
}

type Mark = Pick<MarkRead, 'namespace' | 'sessionKey' | 'agent'>;

function prepareReadMark(database: Database) {
  return database.prepareRead('read_mark', (p: Placeholders<Mark>) =>
    sessionByKey(p)
      .leftJoin('read_marks', (join) =>
        join.onRef('read_marks.session_id', '=', 'sessions.id').on('read_marks.agent', '=', p.agent),
      )
      .select((eb) => [eb.fn.coalesce('read_marks.sequence', eb.lit(0)).as('sequence'), 'sessions.last_sequence']),
  );
}

/**
 * Moves a mark. It is prepared as a read, because it may be repeated. A mark past the end of the log is not written,
 * and the answer shows where the log ends.
 */
function prepareMoveMark(database: Database): (mark: Mark & { readonly sequence: number }) => Promise<MarkRow[]> {
  return database.prepareRead('move_mark', (p) =>
    statement<MarkRow>(sql`
      with session as materialized (
        select id, last_sequence from sessions where namespace = ${p.namespace} and session_key = ${p.sessionKey}
      ), moved as (
        ${insertInto('read_marks', { session_id: sql`id`, agent: p.agent, sequence: cast(p.sequence, 'bigint') })}
        from session where last_sequence >= ${p.sequence}::bigint
        on conflict (session_id, agent) do update set sequence = excluded.sequence
        returning sequence
      )
      select coalesce(moved.sequence, 0) as sequence, session.last_sequence, ${commitDurably} as durability
      from session left join moved on true`),
  );
}
