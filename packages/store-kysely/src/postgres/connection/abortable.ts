import { AsyncLocalStorage } from 'node:async_hooks';
import { ContextStoreError } from '@org/domain';

/**
 * The signal of the operation that runs. It aborts when the caller no longer needs the answer. Code that serves several
 * operations must run without the signal of any one of them.
 */
export const operationSignal = new AsyncLocalStorage<AbortSignal | undefined>();

/**
 * Waits for a promise, but no longer than until the operation's signal aborts.
 *
 * @param abandon is called when the signal aborts, and undoes the wait. It returns false if it is too late to do so; the
 *   wait then goes on
 * @throws CANCELLED; whatever the wait throws
 */
export async function abortable<T>(wait: () => Promise<T>, abandon: (waited: Promise<T>) => boolean): Promise<T> {
  const signal = operationSignal.getStore();
  if (signal === undefined) return wait();
  if (signal.aborted) throw cancelled();
  const waited = wait();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = (): void => {
    if (abandon(waited)) reject(cancelled());
  };
  signal.addEventListener('abort', abort);
  try {
    return await Promise.race([waited, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const cancelled = (): ContextStoreError =>
  new ContextStoreError('CANCELLED', 'The call was given up while it waited for the database. Send it again.');
