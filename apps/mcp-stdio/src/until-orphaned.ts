const lookEveryMs = 1000;

/**
 * Resolves when the process that started this one is gone, which the system tells by another parent. Standard input ends
 * with a client, unless another process that the client started has inherited the other end.
 */
export function untilOrphaned(): Promise<void> {
  const { ppid } = process;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    resolve();
  }, lookEveryMs).unref();
  return promise;
}
