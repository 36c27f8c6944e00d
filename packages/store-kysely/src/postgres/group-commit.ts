import { setImmediate } from 'node:timers/promises';
import { ContextStoreError, type AppendEntry } from '@org/domain';
import { takeBatch, type BatchedAppend } from './append-batch.js';
import type { AppendedRow, AppendEntries } from './append-entries.js';
import { isStatementFailure } from './translate-error.js';

export interface GroupCommitOptions {
  /** How many batches may be under way at once. */
  readonly flushes: number;
  /** How many appends may wait for a batch. One more is OVERLOADED. */
  readonly maxWaiting: number;
}

/** Appends one entry; undefined: it was not let through. */
export type CommitAppend = (request: AppendEntry) => Promise<AppendedRow | undefined>;

interface WaitingAppend extends BatchedAppend {
  readonly resolve: (row: AppendedRow | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends appends in batches, so that one statement, one round trip and one wait for the disk serve many. Those that arrive
 * in one turn of the event loop, and while batches are under way, share the next. The appends of a session are written in
 * the order in which they were asked for: it is never in two batches at once.
 *
 * A batch that fails on its data fails as a whole; all of it then is sent again, each append in a batch of its own, so
 * that the bad one fails alone.
 */
export function createGroupCommit(
  appendEntries: AppendEntries,
  { flushes, maxWaiting }: GroupCommitOptions,
): CommitAppend {
  let waiting: WaitingAppend[] = [];
  const busySessions = new Set<string>();
  let underWay = 0;

  async function drain(): Promise<void> {
    for (;;) {
      // What else arrives in this turn of the event loop joins the batch.
      await setImmediate();
      const { batch, left } = takeBatch(waiting, busySessions);
      if (batch.length === 0) break;
      waiting = left;
      for (const { session } of batch) busySessions.add(session);
      await commit(batch);
      for (const { session } of batch) busySessions.delete(session);
    }
    // What is left waits for sessions in the batches of others, who come here after them.
    underWay -= 1;
  }

  async function commit(batch: readonly WaitingAppend[]): Promise<void> {
    try {
      const rows = await appendEntries(batch.map(({ request }) => request));
      const byOrdinal = new Map(rows.map((row) => [row.ordinal, row]));
      for (const [index, { resolve }] of batch.entries()) resolve(byOrdinal.get(index + 1));
    } catch (error) {
      if (batch.length > 1 && isStatementFailure(error)) {
        waiting = [...batch.map((append) => ({ ...append, isSuspect: true })), ...waiting];
      } else {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= maxWaiting) {
        reject(
          new ContextStoreError(
            'OVERLOADED',
            'Too many appends are waiting. Nothing was written; wait, then send the same call again.',
          ),
        );
        return;
      }
      const session = `${request.namespace} ${request.sessionKey}`;
      waiting.push({ request, session, resolve, reject, isSuspect: false });
      if (underWay < flushes) {
        underWay += 1;
        void drain();
      }
    });
}
