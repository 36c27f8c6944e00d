import { AsyncLocalStorage } from 'node:async_hooks';
import { ContextStoreError } from '@org/domain';

/**
 * Tells whoever waits on behalf of an operation, however deep below it, that nobody needs its answer any more. What serves
 * several operations at once must not run under the signal of one.
 */
export const operationSignal = new AsyncLocalStorage<AbortSignal | undefined>();

/**
 * Waits for something, or gives up when the operation's signal aborts.
 *
 * @param abandon is called then, and sees to it that nothing is kept or done for nobody; false: it is too late for that
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
