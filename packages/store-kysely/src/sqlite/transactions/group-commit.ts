import { setImmediate } from 'node:timers/promises';
import { ContextStoreError, noTelemetry, type Origin, type Telemetry } from '@org/domain';
import type { Connection } from '../connection/connection.js';
import { FilesChangedError } from '../files/files-changed-error.js';
import { retryWhileBusy } from './retry-while-busy.js';
import { isDiskFull } from '../connection/translate-error.js';

/** The maximum size of a group, and of the queue of writes that wait for one. */
export interface GroupLimits {
  readonly writes: number;
  /** How long the writes of a group may run. This also bounds how long other processes wait for the lock. */
  readonly runMs: number;
  /** How many writes may wait for a group. Further writes throw OVERLOADED. */
  readonly waiting: number;
}

const usualLimits: GroupLimits = { writes: 256, runMs: 10, waiting: 10_000 };

/** Runs writes in groups. Each group shares one commit. */
export interface GroupCommit {
  /**
   * Runs a write in a transaction, in the order of calls, and resolves when it is durable. If a write throws a refusal
   * (a `ContextStoreError`), what it has written before is kept. A write may run more than once; only the last run is
   * kept.
   * @throws OVERLOADED if too many writes wait
   */
  readonly write: <T>(run: () => T) => Promise<T>;
}

/** Attributes writes and commits to the calls that they serve. */
export type Attribution = Pick<Telemetry, 'origin' | 'attribute'>;

interface QueuedWrite {
  readonly origin: Origin;
  /** Runs the write, and keeps the outcome for {@link QueuedWrite.settle}. Throws errors that are not refusals. */
  readonly run: () => void;
  /** Tells the caller the outcome. */
  readonly settle: () => void;
  readonly reject: (error: unknown) => void;
  /** On the scale of `performance.now()`. */
  readonly deadlineMs: number;
  /** Whether it was in a transaction that failed, and may be the reason. */
  isSuspect: boolean;
  /** Whether it did not fit on the disk, and runs again after the log was emptied. */
  wasRetriedWithSpace: boolean;
}

/**
 * Commits writes in groups. Writes that arrive in one turn of the event loop, or while a commit is under way, share one
 * transaction, and so one wait for the disk. Callers get their answers after the commit has succeeded.
 *
 * A write that fails unexpectedly rolls back its whole group. Each write of the group then runs again in a separate
 * transaction, so that only the one at fault fails.
 */
export function createGroupCommit(
  connection: Connection,
  lockWaitMs: number,
  limits: GroupLimits = usualLimits,
  telemetry: Attribution = noTelemetry,
): GroupCommit {
  const queue: QueuedWrite[] = [];
  let draining: Promise<void> | undefined;

  async function drain(): Promise<void> {
    do {
      // Writes that arrive in the same turn of the event loop join the group.
      await setImmediate();
      try {
        await retryWhileBusy(commitGroup, queue[0]?.deadlineMs ?? 0);
      } catch (error) {
        queue.shift()?.reject(error);
      }
    } while (queue.length > 0);
    draining = undefined;
  }

  /** Throws if the transaction could not begin. The queue is then unchanged. */
  function commitGroup(): void {
    const group: QueuedWrite[] = [];
    try {
      telemetry.attribute(group, () => connection.writeTransaction(() => runGroup(queue, group, limits, telemetry)));
    } catch (error) {
      if (group.length === 0) throw error;
      if (isDiskFull(error) && freeLogSpace(connection, group)) queue.unshift(...group);
      else runAgain(group, error);
      return;
    }
    for (const write of group) write.settle();
  }

  function runAgain(group: readonly QueuedWrite[], error: unknown): void {
    // Writes that may have been committed must not run again.
    if (group.length === 1 || error instanceof FilesChangedError) {
      for (const write of group) write.reject(error);
      return;
    }
    for (const write of group) write.isSuspect = true;
    queue.unshift(...group);
  }

  return {
    write: (run) =>
      new Promise((resolve, reject) => {
        if (queue.length >= limits.waiting) {
          reject(overloaded());
          return;
        }
        queue.push({
          origin: telemetry.origin(),
          ...outcomeOf(run, resolve, reject),
          reject,
          deadlineMs: performance.now() + lockWaitMs,
          isSuspect: false,
          wasRetriedWithSpace: false,
        });
        draining ??= drain();
      }),
  };
}

/** Runs writes from the head of the queue, each moved to the group first, until the group is full. */
function runGroup(queue: QueuedWrite[], group: QueuedWrite[], limits: GroupLimits, telemetry: Attribution): void {
  const endMs = performance.now() + limits.runMs;
  do {
    const write = queue.shift();
    if (write === undefined) return;
    group.push(write);
    telemetry.attribute([write], write.run);
    if (write.isSuspect) return;
  } while (group.length < limits.writes && performance.now() < endMs && queue[0]?.isSuspect !== true);
}

/** Returns true if the writes may fit now. Each write gets one such try. */
function freeLogSpace(connection: Connection, group: readonly QueuedWrite[]): boolean {
  if (group.some(({ wasRetriedWithSpace }) => wasRetriedWithSpace)) return false;
  for (const write of group) write.wasRetriedWithSpace = true;
  try {
    connection.freeLogSpace();
    return true;
  } catch {
    return false;
  }
}

const overloaded = (): ContextStoreError =>
  new ContextStoreError(
    'OVERLOADED',
    'Too many writes are waiting. Nothing was written; wait, then send the same call again.',
    { retryAfterMs: 1000 },
  );

function outcomeOf<T>(
  run: () => T,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): Pick<QueuedWrite, 'run' | 'settle'> {
  let settle = (): void => undefined;
  return {
    run: () => {
      try {
        const value = run();
        settle = () => resolve(value);
      } catch (error) {
        if (!(error instanceof ContextStoreError)) throw error;
        settle = () => reject(error);
      }
    },
    settle: () => settle(),
  };
}
