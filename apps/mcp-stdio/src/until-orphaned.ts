const checkIntervalMs = 1000;

/**
 * Resolves when the process that started this one has ended, which changes the parent process. Standard input does not end
 * then if another process, also started by the client, has inherited its other end.
 */
export function untilOrphaned(): Promise<void> {
  const { ppid } = process;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    resolve();
  }, checkIntervalMs).unref();
  return promise;
}
