import { refuseAppend, sessionNotFound, type AppendAnswer, type AppendEntry, type Replayable } from '@org/domain';
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
): Operation<AppendEntry, Replayable<AppendAnswer>> {
  const commitAppend = createGroupCommit(prepareAppendEntries(database), options);
  const readAppended = prepareReadAppended(database);
  const readSituation = prepareReadSessionSituation<AppendedRow>(database);
  const renewLeaseAhead = prepareRenewLeaseAhead(database);

  /** Finds the entry of another try of the same append. */
  async function findEarlier(request: AppendEntry): Promise<AppendedRow | undefined> {
    const { agent, namespace, sessionKey, idempotency } = request;
    if (idempotency === undefined) return undefined;
    const [earlier] = await readAppended({ agent, namespace, sessionKey, key: idempotency.key });
    return earlier;
  }

  return prepareMutation(database, {
    attempt: async (request) => {
      let row: AppendedRow | undefined;
      try {
        row = await commitAppend(request);
      } catch (error) {
        // Another try was committed at the same moment.
        if (!isUniqueViolation(error, appendedOnce)) throw error;
      }
      // Another try may have been committed while this one waited for a lock. The statement does not see its entry, but
      // may have been refused because of it.
      row ??= await findEarlier(request);
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

/** Returns true if an earlier try wrote the entry. Throws IDEMPOTENCY_MISMATCH if that was another request. */
const isReplay = (row: AppendedRow, request: AppendEntry): boolean =>
  row.recorded_hash !== null && replay({ request_hash: row.recorded_hash, response: row }, request) !== undefined;

const appendedEntry = (row: AppendedRow): AppendAnswer => ({
  sequence: row.sequence,
  createdAtMs: row.created_at,
  contentBytes: row.content_bytes,
  estimatedTokens: row.estimated_tokens,
  epoch: row.epoch,
  ...(row.take_over !== null && { takeOver: row.take_over }),
});
