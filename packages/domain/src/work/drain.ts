/** The end of a worker. */
export interface Drain {
  /** Aborts when the worker must take nothing more. */
  readonly stop: AbortSignal;
  /** Aborts when the time for running handlers is over. */
  readonly timeUp: AbortSignal;
  /** Starts the time for running handlers, if `stop` has not. */
  readonly begin: () => void;
  /** Ends the timer. */
  readonly end: () => void;
}

/** Creates the end of a worker: its time for handlers starts when one of the signals aborts. */
export function createDrain(endings: readonly (AbortSignal | undefined)[], drainMs: number): Drain {
  const over = new AbortController();
  const stop = AbortSignal.any(endings.filter((ending) => ending !== undefined));
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer ??= setTimeout(() => over.abort(new Error('The worker has no more time to drain.')), drainMs);
  };
  stop.addEventListener('abort', begin);
  if (stop.aborted) begin();
  return {
    stop,
    timeUp: over.signal,
    begin,
    end: () => {
      stop.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
