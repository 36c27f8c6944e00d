import {
  refuseAppend,
  refuseReplay,
  renewedLease,
  takeOverNotice,
  type AppendAnswer,
  type AppendedEntry,
  type AppendEntry,
  type Replayable,
  type SessionRef,
} from '@org/domain';
import type { Placeholders } from '../../../prepared-query.js';
import type { Connection } from '../../connection/connection.js';
import { prepareFollowDeadline } from '../../leases/follow-deadline.js';
import { prepareGetSession } from '../../rows/get-session.js';
import type { Operation } from '../operation.js';
import { db } from '../../connection/query-builder.js';
import { prepareMutation } from '../../mutation/prepare-mutation.js';
import { newEntryRow, prepareWriteEntry, type NewEntryRow } from '../../rows/log-rows.js';
import { activeAt, writtenAt } from '../../rows/session-row.js';

export function prepareAppendEntry(connection: Connection): Operation<AppendEntry, Replayable<AppendAnswer>> {
  const getSession = prepareGetSession(connection);
  const replay = prepareReplay(connection);
  const writeEntry = prepareWriteEntry(connection);
  const followDeadline = prepareFollowDeadline(connection);

  return prepareMutation(connection, {
    replay,
    settle: (request, nowMs) => ({ session: getSession(request, nowMs) }),
    refuse: (request, { record }) => refuseAppend(record, request),
    write: (request, { session, record }, nowMs) => {
      const entry = newEntryRow(session, request, nowMs);
      const lease = renewedLease(record, request.agent, nowMs);
      const written = writtenAt(activeAt(session, nowMs), request.agent, nowMs);
      writeEntry(entry, {
        ...written,
        lease_expires_at: lease?.expiresAtMs ?? null,
        owner_last_sequence: request.agent === session.owner ? entry.sequence : session.owner_last_sequence,
      });
      followDeadline(session, lease);
      const takeOver = takeOverNotice({ ...record, ownerWroteAtMs: written.owner_wrote_at ?? undefined });
      return { ...appendedEntry(entry), ...(takeOver !== undefined && { takeOver }) };
    },
  });
}

const answerColumns = ['sequence', 'created_at', 'content_bytes', 'estimated_tokens', 'epoch'] as const;

const appendedEntry = (row: Pick<NewEntryRow, (typeof answerColumns)[number]>): AppendedEntry => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
});

/** The first answer to an append that is tried again: an entry keeps its own idempotency key. */
function prepareReplay(connection: Connection): (request: AppendEntry) => AppendedEntry | undefined {
  const find = connection.prepare((p: Placeholders<SessionRef & { agent: string; key: string }>) =>
    db
      .selectFrom('context_history')
      .select([...answerColumns, 'request_hash'])
      .where('session_id', '=', (eb) =>
        eb
          .selectFrom('sessions')
          .select('id')
          .where('namespace', '=', p.namespace)
          .where('session_key', '=', p.sessionKey),
      )
      .where('agent', '=', p.agent)
      .where('idempotency_key', '=', p.key),
  );
  return ({ namespace, sessionKey, agent, idempotency }) => {
    if (idempotency === undefined) return undefined;
    const row = find.get({ namespace, sessionKey, agent, key: idempotency.key });
    if (row === undefined) return undefined;
    const refusal = refuseReplay({ requestHash: row.request_hash ?? '' }, idempotency);
    if (refusal !== undefined) throw refusal;
    return appendedEntry(row);
  };
}
