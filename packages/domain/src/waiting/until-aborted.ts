import { pause } from './pause.js';

/** Awaits a promise until a signal aborts. Returns undefined then, and ignores how the promise settles. */
export function untilAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(undefined);
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    void promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** Awaits a promise, but no longer than for a time after a signal has aborted. Ignores how the promise settles then. */
export async function soonAfter(signal: AbortSignal, ms: number, promise: Promise<void>): Promise<void> {
  const settled = new AbortController();
  await untilAborted(signal, promise);
  await Promise.race([promise, pause(ms, [settled.signal])]);
  settled.abort();
}
