import { contextStoreClosed, storeUnavailable, type ContextStoreError } from '../errors.js';
import type { ClaimedHandoff, ClaimHandoff, Replayable } from '../ports/store.js';
import { ownershipLost } from '../rules/refusals/refuse-epoch.js';
import { isRetryable } from '../waiting/backoff.js';
import type { LeasedClaim } from './worker.js';

export interface LeaseOptions {
  /** The claim that got the lease. The winner's repetition of it renews the lease. */
  readonly claim: LeasedClaim;
  /** The epoch at which this worker owns the session. */
  readonly epoch: number;
  /** When the claim was sent, by `performance.now`. */
  readonly sinceMs: number;
  readonly renew: (claim: ClaimHandoff) => Promise<Replayable<ClaimedHandoff>>;
  /** Aborts when the store is closed. */
  readonly closing: AbortSignal;
  /** Called with each error after which it tries again. */
  readonly onRetry: (error: unknown) => void;
}

/** A lease that is renewed until it is released, or lost. */
export interface Lease {
  /** Aborts when the lease is lost. The reason is the error. */
  readonly lost: AbortSignal;
  /** Says that the store has renewed the lease by another call, which was sent at this time. */
  readonly renewed: (sentMs: number) => void;
  /** Says that the lease is lost. */
  readonly lose: (error: unknown) => void;
  /** Ends the renewals. */
  readonly release: () => void;
}

/** The part of a lease after which it is renewed. */
const renewAfter = 1 / 3;
const retryMs = 1000;

/**
 * Keeps a lease. Counts it by the clock of this process, from the moment at which a renewal is sent: the store begins
 * later, so the lease never lapses there before it counts as lost here.
 */
export function keepLease(options: LeaseOptions): Lease {
  const { claim, epoch, closing, onRetry } = options;
  const { leaseMs } = claim;
  const ending = new AbortController();
  let renewal: NodeJS.Timeout | undefined;
  let lapse: NodeJS.Timeout | undefined;
  let isOver = false;

  function release(): void {
    isOver = true;
    clearTimeout(renewal);
    clearTimeout(lapse);
    closing.removeEventListener('abort', close);
  }
  function lose(error: unknown): void {
    release();
    ending.abort(error);
  }
  const close = (): void => lose(contextStoreClosed('no'));

  function renewed(sentMs: number): void {
    if (isOver) return;
    clearTimeout(lapse);
    lapse = setTimeout(() => lose(lapsed(claim)), sentMs + leaseMs - performance.now());
  }

  async function renew(): Promise<void> {
    const sentMs = performance.now();
    let nextMs = leaseMs * renewAfter;
    try {
      const { session, replayed } = await options.renew(claim);
      // Not the acceptance of this worker any more, but one that this call has made. It lapses by itself.
      if (isOver) return;
      if (!replayed || session.epoch !== epoch) return lose(ownershipLost(session, claim.agent));
      renewed(sentMs);
    } catch (error) {
      if (isOver) return;
      if (!isRetryable(error)) return lose(error);
      onRetry(error);
      nextMs = Math.min(nextMs, retryMs);
    }
    if (!isOver) renewal = setTimeout(() => void renew(), nextMs);
  }

  renewal = setTimeout(() => void renew(), leaseMs * renewAfter);
  closing.addEventListener('abort', close);
  renewed(options.sinceMs);
  return { lost: ending.signal, renewed, lose, release };
}

const lapsed = ({ handoffId }: ClaimHandoff): ContextStoreError =>
  storeUnavailable(
    `The lease of handoff ${handoffId} ran out: the store did not answer in time to renew it. The offer is pending again.`,
    { written: 'no', retryable: false },
  );
