/** One Ctrl-C under `npm start` arrives twice: from the terminal, and from npm, which passes it on. */
const sameSignalMs = 500;

/** Resolves with the signal when the process is told to stop. Told once more, later than that, it ends at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  // Not Promise.withResolvers: an old Node.js, which lacks it, has to get as far as the message that refuses it.
  return new Promise((resolve) => {
    let toldMs: number | undefined;
    const hear = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (toldMs !== undefined && nowMs - toldMs > sameSignalMs) process.exit(1);
      toldMs ??= nowMs;
      resolve(signal);
    };
    process.on('SIGTERM', hear).on('SIGINT', hear);
  });
}
