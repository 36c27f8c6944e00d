import { refuseAppend, sessionNotFound, type AppendedEntry, type AppendEntry, type Replayable } from '@org/domain';
import { isUniqueViolation } from '../connection/translate-error.js';
import { prepareRenewLeaseAhead } from '../leases/renew-lease.js';
import { prepareMutation } from '../mutation/prepare-mutation.js';
import { prepareReadSessionSituation } from '../mutation/read-situation.js';
import { keyArguments, replay } from '../mutation/replay.js';
import type { Operation } from '../operations/operation.js';
import type { Database } from '../statements/database.js';
import { appendedOnce, prepareAppendEntries, prepareReadAppended, type AppendedRow } from './append-entries.js';
import { createGroupCommit, type GroupCommitOptions } from './group-commit.js';

/** Appends first, and reads the reason only if the entry was refused. A successful append takes one statement. */
export function prepareAppendEntry(
  database: Database,
  options: GroupCommitOptions,
): Operation<AppendEntry, Replayable<AppendedEntry>> {
  const append = prepareAppend(database, options);
  const readSituation = prepareReadSessionSituation<AppendedRow>(database);
  const renewLeaseAhead = prepareRenewLeaseAhead(database);

  return prepareMutation(database, {
    attempt: async (request) => {
      const row = await append(request);
      return row && { response: row, replayed: isReplay(row, request) };
    },
    // Entries hold their idempotency keys themselves, so no recorded answer has to be looked up.
    read: ({ agent, namespace, sessionKey }) => readSituation({ ...keyArguments({ agent, namespace }), sessionKey }),
    notFound: ({ sessionKey }) => sessionNotFound(sessionKey),
    refuse: (request, { record }) => refuseAppend(record, request),
    // The next attempt writes. It renews the lease, so the deadline must not be further ahead.
    write: async ({ agent }, { session, record }) => {
      await renewLeaseAhead(session, record, agent);
      return undefined;
    },
    present: appendedEntry,
  });
}

/**
 * Appends an entry, or finds what an earlier try of the same append wrote. Returns undefined if the entry was refused.
 */
function prepareAppend(
  database: Database,
  options: GroupCommitOptions,
): (request: AppendEntry) => Promise<AppendedRow | undefined> {
  const commitAppend = createGroupCommit(prepareAppendEntries(database), options);
  const readAppended = prepareReadAppended(database);

  return async (request) => {
    const row = await commitAppend(request).catch((error: unknown) => {
      // Another try was committed at the same moment.
      if (isUniqueViolation(error, appendedOnce)) return undefined;
      throw error;
    });
    if (row !== undefined || request.idempotency === undefined) return row;
    // Another try may have been committed while this one waited for a lock. The statement does not see its entry, but may
    // have been refused because of it.
    const { agent, namespace, sessionKey, idempotency } = request;
    const [earlier] = await readAppended({ agent, namespace, sessionKey, key: idempotency.key });
    return earlier;
  };
}

/** Returns true if an earlier try wrote the entry. Throws IDEMPOTENCY_MISMATCH if that was another request. */
const isReplay = (row: AppendedRow, request: AppendEntry): boolean =>
  row.recorded_hash !== null && replay({ request_hash: row.recorded_hash, response: row }, request) !== undefined;

const appendedEntry = (row: AppendedRow): AppendedEntry => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
});
