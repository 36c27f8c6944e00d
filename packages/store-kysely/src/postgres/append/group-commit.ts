import { setImmediate } from 'node:timers/promises';
import { ContextStoreError, type AppendEntry, type Origin, type Telemetry } from '@org/domain';
import { takeBatch, type BatchedAppend } from './append-batch.js';
import type { AppendedRow, AppendEntries } from './append-entries.js';
import { abortable, operationSignal } from '../connection/abortable.js';
import { isStatementFailure } from '../connection/translate-error.js';

export interface GroupCommitOptions {
  /** How many batches may be under way at once. */
  readonly flushes: number;
  /** How many calls may wait for a batch. Further ones throw OVERLOADED. */
  readonly maxWaiting: number;
  /** Attributes batches to the calls that they serve. */
  readonly telemetry: Pick<Telemetry, 'origin' | 'attribute'>;
}

/** Appends one entry. Returns undefined if the entry was refused. */
export type CommitAppend = (request: AppendEntry) => Promise<AppendedRow | undefined>;

interface WaitingAppend extends BatchedAppend {
  readonly origin: Origin;
  readonly resolve: (row: AppendedRow | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Sends appends in batches, so that one statement, one round trip and one wait for the disk serve many of them. Appends
 * that arrive in one turn of the event loop, or while batches are under way, share the next batch. A session is never in
 * two batches at once, so its appends are written in the order of the calls.
 *
 * A batch that fails on its data fails as a whole. Each of its appends is then sent alone, so that only the invalid one
 * fails. An append that a batch of several sessions left out is sent alone too: its session may be locked, and alone it
 * can wait for the lock. Appends that are sent alone never take all places; other batches always get one.
 */
export function createGroupCommit(appendEntries: AppendEntries, options: GroupCommitOptions): CommitAppend {
  const groupCommit = new GroupCommit(appendEntries, options);
  return (request) => groupCommit.append(request);
}

class GroupCommit {
  readonly #appendEntries: AppendEntries;
  readonly #options: GroupCommitOptions;
  #waiting: WaitingAppend[] = [];
  readonly #busySessions = new Set<string>();
  #underWay = 0;
  #suspectsUnderWay = 0;

  constructor(appendEntries: AppendEntries, options: GroupCommitOptions) {
    this.#appendEntries = appendEntries;
    this.#options = options;
  }

  append(request: AppendEntry): Promise<AppendedRow | undefined> {
    const { promise, resolve, reject } = Promise.withResolvers<AppendedRow | undefined>();
    const origin = this.#options.telemetry.origin();
    const session = `${request.namespace} ${request.sessionKey}`;
    return abortable(
      () => {
        this.#enqueue({ request, session, origin, resolve, reject, isSuspect: false });
        return promise;
      },
      () => this.#withdraw(resolve),
    );
  }

  #enqueue(append: WaitingAppend): void {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      append.reject(
        new ContextStoreError(
          'OVERLOADED',
          'Too many appends are waiting. Nothing was written; wait, then send the same call again.',
          { retryAfterMs: 1000 },
        ),
      );
      return;
    }
    this.#waiting.push(append);
    if (this.#underWay < this.#options.flushes) this.#startDrain();
  }

  /** Returns false if the append is in a batch already. */
  #withdraw(resolve: WaitingAppend['resolve']): boolean {
    const left = this.#waiting.filter((append) => append.resolve !== resolve);
    const isWithdrawn = left.length < this.#waiting.length;
    this.#waiting = left;
    return isWithdrawn;
  }

  #startDrain(): void {
    this.#underWay += 1;
    // A batch serves several calls, so it must not end with the call that started it.
    void operationSignal.run(undefined, () => this.#drain());
  }

  async #drain(): Promise<void> {
    for (;;) {
      // Appends that arrive in the same turn of the event loop join the batch.
      await setImmediate();
      const maySuspect = this.#suspectsUnderWay < Math.max(1, this.#options.flushes - 1);
      const { batch, left } = takeBatch(this.#waiting, this.#busySessions, maySuspect);
      if (batch.length === 0) break;
      this.#waiting = left;
      const suspects = batch[0]?.isSuspect === true ? 1 : 0;
      this.#suspectsUnderWay += suspects;
      for (const { session } of batch) this.#busySessions.add(session);
      await this.#commit(batch);
      for (const { session } of batch) this.#busySessions.delete(session);
      this.#suspectsUnderWay -= suspects;
    }
    // The other appends wait for sessions in batches under way. The drains of those batches send them.
    this.#underWay -= 1;
  }

  async #commit(batch: readonly WaitingAppend[]): Promise<void> {
    try {
      const rows = await this.#options.telemetry.attribute(batch, () =>
        this.#appendEntries(batch.map(({ request }) => request)),
      );
      const byOrdinal = new Map(rows.map((row) => [row.ordinal, row]));
      const isOfSeveral = batch.some(({ session }) => session !== batch[0]?.session);
      const leftOut: WaitingAppend[] = [];
      for (const [index, append] of batch.entries()) {
        const row = byOrdinal.get(index + 1);
        if (row === undefined && isOfSeveral) leftOut.push(append);
        else append.resolve(row);
      }
      this.#sendAlone(leftOut);
    } catch (error) {
      if (batch.length > 1 && isStatementFailure(error)) this.#sendAlone(batch);
      else for (const { reject } of batch) reject(error);
    }
  }

  #sendAlone(appends: readonly WaitingAppend[]): void {
    if (appends.length === 0) return;
    this.#waiting = [...appends.map((append) => ({ ...append, isSuspect: true })), ...this.#waiting];
    while (this.#underWay < this.#options.flushes) this.#startDrain();
  }
}
