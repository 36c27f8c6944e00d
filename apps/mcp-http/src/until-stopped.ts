/** Resolves with the signal when the process is told to stop. Told once more, it ends at once. */
export function untilStopped(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let isTold = false;
  const hear = (signal: NodeJS.Signals): void => {
    if (isTold) process.exit(1);
    isTold = true;
    resolve(signal);
  };
  process.on('SIGTERM', hear).on('SIGINT', hear);
  return promise;
}
