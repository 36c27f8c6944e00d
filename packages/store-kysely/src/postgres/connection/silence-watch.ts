/** Notices statements that the server does not answer. */
export interface SilenceWatch {
  /**
   * Starts to wait for an answer. Calls `onSilence` once if none has come when the limit is over.
   *
   * @returns a function that ends the wait
   */
  readonly begin: (onSilence: () => void) => () => void;
}

interface Wait {
  readonly untilMs: number;
  /** Undefined when the wait is over. V8 keeps what was removed from a set that changes often until a full collection. */
  onSilence: (() => void) | undefined;
}

/**
 * Creates a watch with one limit for all statements, in milliseconds. One timer serves them all, and does not keep the
 * process alive. pg would set a timer for each statement.
 */
export function createSilenceWatch(limitMs: number): SilenceWatch {
  /** In the order of their ends, because all take the same time. */
  const waits = new Set<Wait>();
  let isTimerSet = false;

  function setTimer(delayMs: number): void {
    isTimerSet = true;
    setTimeout(endWaits, delayMs).unref();
  }

  function endWaits(): void {
    isTimerSet = false;
    for (const wait of waits) {
      const leftMs = wait.untilMs - performance.now();
      if (leftMs > 0) return setTimer(Math.ceil(leftMs));
      waits.delete(wait);
      wait.onSilence?.();
    }
  }

  return {
    begin: (onSilence) => {
      const wait: Wait = { untilMs: performance.now() + limitMs, onSilence };
      waits.add(wait);
      if (!isTimerSet) setTimer(limitMs);
      return () => {
        wait.onSilence = undefined;
        waits.delete(wait);
      };
    },
  };
}
