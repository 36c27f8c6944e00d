import { refuseMark, type MarkRead, type ReadMark } from '@org/domain';
import type { Selectable } from 'kysely';
import type { Placeholders } from '../../../prepared-query.js';
import type { ReadMarksTable } from '../../schema/tables.js';
import type { Connection } from '../../connection/connection.js';
import { prepareGetStoredSession } from '../../rows/get-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';

type MarkRow = Selectable<ReadMarksTable>;

/** Writes nothing if the mark does not move. The operation is then a read. */
export function prepareMarkRead(connection: Connection): Operation<MarkRead, ReadMark> {
  const getSession = prepareGetStoredSession(connection);
  const findMark = prepareFindMark(connection);
  const saveMark = prepareSaveMark(connection);

  return ({ agent, sequence, ...ref }) => {
    const { id, session_key: sessionKey, last_sequence: lastSequence } = getSession(ref);
    const refusal = refuseMark(sequence ?? 0, { sessionKey, lastSequence });
    if (refusal !== undefined) throw refusal;
    const standing = findMark({ session_id: id, agent })?.sequence ?? 0;
    if (sequence === undefined || sequence === standing) return { sequence: standing, lastSequence };
    saveMark({ session_id: id, agent, sequence });
    return { sequence, lastSequence };
  };
}

function prepareFindMark(
  connection: Connection,
): (mark: Pick<MarkRow, 'session_id' | 'agent'>) => Pick<MarkRow, 'sequence'> | undefined {
  return connection.prepare((p: Placeholders<Pick<MarkRow, 'session_id' | 'agent'>>) =>
    db.selectFrom('read_marks').select('sequence').where('session_id', '=', p.session_id).where('agent', '=', p.agent),
  ).get;
}

function prepareSaveMark(connection: Connection): (mark: MarkRow) => void {
  return connection.prepare((p: Placeholders<MarkRow>) =>
    db
      .insertInto('read_marks')
      .values({ session_id: p.session_id, agent: p.agent, sequence: p.sequence })
      .onConflict((conflict) => conflict.columns(['session_id', 'agent']).doUpdateSet({ sequence: p.sequence })),
  ).run;
}
