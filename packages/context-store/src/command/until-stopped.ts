/** Signals within this time count as one: under `npm start`, Ctrl-C arrives from the terminal and from npm. */
const sameSignalMs = 500;

/** Resolves with the first SIGTERM or SIGINT. A later signal, after {@link sameSignalMs}, ends the process at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  // Without Promise.withResolvers, which an old Node.js lacks: it must get as far as the message that refuses it.
  return new Promise((resolve) => {
    let firstMs: number | undefined;
    const handle = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (firstMs !== undefined && nowMs - firstMs > sameSignalMs) process.exit(1);
      firstMs ??= nowMs;
      resolve(signal);
    };
    process.on('SIGTERM', handle).on('SIGINT', handle);
  });
}
