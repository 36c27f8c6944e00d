import {
  refuseAppend,
  refuseReplay,
  sessionNotFound,
  type AppendedEntry,
  type AppendEntry,
  type Replayable,
} from '@org/domain';
import { appendedOnce, prepareAppendEntries, prepareReadAppended, type AppendedRow } from './append-entries.js';
import type { Database } from '../statements/database.js';
import { createGroupCommit, type GroupCommitOptions } from './group-commit.js';
import type { Operation } from '../operations/operation.js';
import { prepareReadSessionSituation } from '../mutation/read-situation.js';
import { prepareRenewLeaseAhead } from '../leases/renew-lease.js';
import { keyArguments } from '../mutation/replay.js';
import { sessionRecord } from '../rows/session-row.js';
import { prepareSettleLease } from '../leases/settle-lease.js';
import { isUniqueViolation } from '../connection/translate-error.js';
import { retryOnConflict } from '../mutation/retry-on-conflict.js';

/** Appends first, and reads the reason only if the entry was refused. A successful append takes one statement. */
export function prepareAppendEntry(
  database: Database,
  options: GroupCommitOptions,
): Operation<AppendEntry, Replayable<AppendedEntry>> {
  const commitAppend = createGroupCommit(prepareAppendEntries(database), options);
  const readAppended = prepareReadAppended(database);
  const readSituation = prepareReadSessionSituation(database);
  const settle = prepareSettleLease(database);
  const renewLeaseAhead = prepareRenewLeaseAhead(database);

  async function explain(request: AppendEntry): Promise<Replayable<AppendedEntry> | undefined> {
    const { agent, namespace, sessionKey, idempotency } = request;
    // Another try may have been committed while this one waited for a lock. The statement does not see its entry, but may
    // have been refused because of it.
    if (idempotency !== undefined) {
      const [earlier] = await readAppended({ agent, namespace, sessionKey, key: idempotency.key });
      if (earlier !== undefined) return appendedEntry(earlier, request);
    }
    // Entries hold their idempotency keys themselves, so no recorded answer has to be looked up.
    const situation = await readSituation({ ...keyArguments({ agent, namespace }), sessionKey });
    if (situation.session === null) throw sessionNotFound(sessionKey);
    if (await settle(situation.session, situation.observed_at)) return undefined;
    const session = sessionRecord(situation.session, situation.observed_at);
    const refusal = refuseAppend(session, request);
    if (refusal !== undefined) throw refusal;
    await renewLeaseAhead(situation.session, session, agent);
    return undefined;
  }

  return (request) =>
    retryOnConflict(async () => {
      try {
        const row = await commitAppend(request);
        return row === undefined ? await explain(request) : appendedEntry(row, request);
      } catch (error) {
        // Another try of the same append was committed at the same moment. The next try finds it.
        if (isUniqueViolation(error, appendedOnce)) return undefined;
        throw error;
      }
    });
}

function appendedEntry(row: AppendedRow, { idempotency }: AppendEntry): Replayable<AppendedEntry> {
  const replayed = idempotency !== undefined && row.recorded_hash !== null;
  if (replayed) {
    const refusal = refuseReplay({ requestHash: row.recorded_hash }, idempotency);
    if (refusal !== undefined) throw refusal;
  }
  return {
    sequence: row.sequence,
    createdAtMs: row.created_at,
    contentBytes: row.content_bytes,
    estimatedTokens: row.estimated_tokens,
    epoch: row.epoch,
    replayed,
  };
}
