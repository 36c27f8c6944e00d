/** One Ctrl-C under `npm run` arrives twice: from the terminal, and from npm, which passes it on. */
const sameSignalMs = 500;

/** Fires when the process is told to stop. Told once more, later than that, it ends at once, and leaves what it made. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  let toldMs: number | undefined;
  const hear = (signal: NodeJS.Signals): void => {
    const nowMs = performance.now();
    if (toldMs !== undefined && nowMs - toldMs > sameSignalMs) process.exit(130);
    toldMs ??= nowMs;
    stop.abort(new Error(signal));
  };
  process.on('SIGINT', hear).on('SIGTERM', hear);
  return stop.signal;
}
