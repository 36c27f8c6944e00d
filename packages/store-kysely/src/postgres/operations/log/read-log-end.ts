import { sessionNotFound, type LogEnd, type SessionRef } from '@org/domain';
import { expressionBuilder } from 'kysely';
import type { NoticeUnsettled } from '../../../settler.js';
import type { GroupCommitOptions } from '../../append/group-commit.js';
import { observingSessions } from '../../rows/observe-session.js';
import { sessionColumns } from '../../rows/session-row.js';
import type { Tables } from '../../schema/tables.js';
import { epochMs, observedAt, type Clocked } from '../../statements/clock.js';
import type { Database } from '../../statements/database.js';
import { cast, unnest } from '../../statements/expressions.js';
import { db } from '../../statements/query-builder.js';
import { askTogether } from '../ask-together.js';
import type { Operation } from '../operation.js';

export function prepareReadLogEnd(
  database: Database,
  groupReads: GroupCommitOptions,
  notice: NoticeUnsettled,
): Operation<SessionRef, LogEnd> {
  const read = prepareRead(database);
  const observe = observingSessions(notice);
  const find = askTogether(async (refs: readonly SessionRef[]) => {
    const rows = await read({
      places: refs.map((_, place) => place),
      namespaces: refs.map(({ namespace }) => namespace),
      sessionKeys: refs.map(({ sessionKey }) => sessionKey),
    });
    const byPlace = new Map(rows.map((row) => [row.place, row]));
    return refs.map((_, place) => byPlace.get(place));
  }, groupReads);
  return async ({ namespace, sessionKey }) => {
    const row = await find({ namespace, sessionKey });
    if (row === undefined) throw sessionNotFound(sessionKey);
    return { session: observe(row, row.observed_at), lastAppend: lastAppendOf(row) };
  };
}

type LogEndRow = Awaited<ReturnType<ReturnType<typeof prepareRead>>>[number];

function lastAppendOf(row: LogEndRow): LogEnd['lastAppend'] {
  const { entry_created_at: createdAtMs, entry_content_bytes: contentBytes } = row;
  const { entry_estimated_tokens: estimatedTokens, entry_epoch: epoch } = row;
  if (createdAtMs === null || contentBytes === null || estimatedTokens === null || epoch === null) return undefined;
  return { sequence: row.last_sequence, createdAtMs, contentBytes, estimatedTokens, epoch };
}

/** One item for each session that is asked for. */
interface LogEndArguments {
  readonly places: readonly number[];
  readonly namespaces: readonly string[];
  readonly sessionKeys: readonly string[];
}

const entry = expressionBuilder<Tables, 'context_history'>();

const prepareRead = (database: Database) =>
  database.prepareRead('read_log_ends', (p: Clocked<LogEndArguments>) =>
    db
      .selectFrom(
        unnest('wanted', {
          place: cast(p.places, 'integer[]'),
          namespace: cast(p.namespaces, 'text[]'),
          session_key: cast(p.sessionKeys, 'text[]'),
        }),
      )
      .innerJoin('sessions', (join) =>
        join
          .onRef('sessions.namespace', '=', 'wanted.namespace')
          .onRef('sessions.session_key', '=', 'wanted.session_key'),
      )
      .leftJoin('context_history', (join) =>
        join.onRef('session_id', '=', 'sessions.id').onRef('sequence', '=', 'sessions.last_sequence'),
      )
      .select('wanted.place')
      .select(sessionColumns)
      .select(observedAt(p))
      .select([
        epochMs(entry.ref('context_history.created_at')).as('entry_created_at'),
        'context_history.content_bytes as entry_content_bytes',
        'context_history.estimated_tokens as entry_estimated_tokens',
        'context_history.epoch as entry_epoch',
      ]),
  );
