import { randomUUID } from 'node:crypto';
import { orReasonOf } from '../calling/calls.js';
import { isContextStoreError } from '../errors.js';
import type { UseCaseInput, UseCaseResult } from '../use-cases/index.js';
import { retry } from '../waiting/retry.js';
import { soonAfter, untilAborted } from '../waiting/until-aborted.js';
import { failureReason } from './failure-reason.js';
import { keepLease, type Lease } from './lease.js';
import type { Work, WorkEntry, WorkHandler } from './work-options.js';
import type { Worker } from './worker.js';

/** An acceptance, and the whole offer that was accepted. */
export interface Accepted extends Pick<Work, 'handoff' | 'session' | 'briefing'> {
  /** When the acceptance was sent, by `performance.now`. */
  readonly sinceMs: number;
}

/** How a job ends its handoff. */
type Ending = Pick<UseCaseInput<'resolveHandoff'>, 'outcome' | 'reason' | 'result'>;

/** How long a worker tries to end its handoffs after its time to drain is over. */
const endWithinMs = 2000;

const stopped: Ending = { outcome: 'returned', reason: 'The worker stopped before it was done.' };

/**
 * Runs the handler for one accepted handoff, keeps its lease meanwhile, and ends the handoff. Does not wait for the
 * handler once the worker's time is up.
 */
export async function runJob(worker: Worker, accepted: Accepted, handler: WorkHandler): Promise<void> {
  const { handoff, session, briefing, sinceMs } = accepted;
  const onRetry = (error: unknown): void => worker.report(error, handoff);
  const lease = keepLease({
    claim: worker.claimOf(handoff),
    epoch: session.epoch,
    sinceMs,
    renew: worker.renew,
    closing: worker.closing,
    onRetry,
  });
  lease.lost.addEventListener('abort', () => worker.report(lease.lost.reason, handoff));
  const signal = AbortSignal.any([lease.lost, worker.timeUp]);
  const append = (entry: WorkEntry): ReturnType<Work['append']> =>
    orReasonOf(signal, appendFenced(worker, accepted, entry, lease, signal));

  async function handle(): Promise<Ending> {
    try {
      const result = await handler({ handoff, session, briefing, append, signal });
      return { outcome: 'completed', result: result ?? undefined };
    } catch (error) {
      if (!signal.aborted) worker.report(error, handoff);
      return { outcome: 'returned', reason: failureReason(error) };
    }
  }

  const ending = (await untilAborted(worker.timeUp, handle())) ?? stopped;
  if (!lease.lost.aborted) await soonAfter(worker.timeUp, endWithinMs, end(worker, accepted, ending, lease));
  lease.release();
}

async function appendFenced(
  worker: Worker,
  { handoff, session: { sessionKey, epoch } }: Accepted,
  entry: WorkEntry,
  lease: Lease,
  signal: AbortSignal,
): Promise<UseCaseResult<'updateContext'>> {
  signal.throwIfAborted();
  const input = { idempotencyKey: randomUUID(), ...entry, sessionKey, epoch };
  const send = async (): Promise<UseCaseResult<'updateContext'>> => {
    const sentMs = performance.now();
    const appended = await worker.run('updateContext', input, signal);
    lease.renewed(sentMs);
    return appended;
  };
  try {
    return await retry(send, { endings: [signal], onRetry: (error) => worker.report(error, handoff) });
  } catch (error) {
    if (isContextStoreError(error, 'OWNERSHIP_LOST')) lease.lose(error);
    throw error;
  }
}

/** Ends the handoff, and reports what fails. A result that cannot be recorded returns it. */
async function end(worker: Worker, accepted: Accepted, ending: Ending, lease: Lease): Promise<void> {
  const { handoff, session } = accepted;
  const input = { ...ending, handoffId: handoff.handoffId, epoch: session.epoch, idempotencyKey: randomUUID() };
  try {
    await retry(() => worker.run('resolveHandoff', input), {
      endings: [lease.lost, worker.timeUp],
      onRetry: (error) => worker.report(error, handoff),
    });
  } catch (error) {
    worker.report(error, handoff);
    if (isContextStoreError(error, 'VALIDATION_ERROR') && ending.outcome === 'completed')
      await end(worker, accepted, { outcome: 'returned', reason: failureReason(error) }, lease);
  }
}
