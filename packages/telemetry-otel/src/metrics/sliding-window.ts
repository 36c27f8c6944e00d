const slices = 60;

/** Counts recent events, and the share of them that is of one kind. */
export interface SlidingWindow {
  readonly add: (isCounted: boolean) => void;
  /** Returns the share of events that were added with `true`, from 0 to 1, or undefined if there were none. */
  readonly share: () => number | undefined;
}

/**
 * Drops old events in sixty steps, so that its memory does not grow with the number of events.
 *
 * @param windowMs how long an event counts
 * @param nowMs a clock that never goes back
 */
export function createSlidingWindow(windowMs: number, nowMs: () => number = () => performance.now()): SlidingWindow {
  const sliceMs = windowMs / slices;
  const totals = new Uint32Array(slices);
  const counted = new Uint32Array(slices);
  let newest = Math.floor(nowMs() / sliceMs);

  /** Empties the slices that have passed, and returns the index of the present one. */
  function advance(): number {
    const present = Math.floor(nowMs() / sliceMs);
    const passed = Math.min(present - newest, slices);
    for (let step = 1; step <= passed; step += 1) {
      totals[(newest + step) % slices] = 0;
      counted[(newest + step) % slices] = 0;
    }
    newest = present;
    return present % slices;
  }

  return {
    add: (isCounted) => {
      const slice = advance();
      totals[slice] = (totals[slice] ?? 0) + 1;
      if (isCounted) counted[slice] = (counted[slice] ?? 0) + 1;
    },
    share: () => {
      advance();
      const total = sum(totals);
      return total === 0 ? undefined : sum(counted) / total;
    },
  };
}

const sum = (numbers: Uint32Array): number => numbers.reduce((total, number) => total + number, 0);
