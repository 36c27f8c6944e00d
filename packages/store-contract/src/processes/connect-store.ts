import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { errorFrom, type Store } from '@org/domain';
import { storeFrom } from '../harness/store-from.js';
import type { Answer, Call } from './messages.js';

/** A process that serves a store by `serveStore`. */
export interface StoreProcess {
  readonly store: Store;
  /** Calls one of the methods that the process serves in addition. */
  readonly call: (method: string, request?: unknown) => Promise<unknown>;
  /** Kills the process by SIGKILL, so that none of its code runs any more. */
  readonly kill: () => Promise<void>;
  /** Disconnects the process, which then closes its store and exits. */
  readonly end: () => Promise<void>;
}

/**
 * Connects to a process that serves a store by `serveStore`. Calls that it has not answered when it ends stay pending.
 *
 * @param child forked with `serialization: 'advanced'`, which keeps what JSON does not have
 */
export function connectStore(child: ChildProcess): StoreProcess {
  const exited = once(child, 'exit');
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });

  let calls = 0;
  const call = async (method: string, request?: unknown): Promise<unknown> => {
    calls += 1;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(calls, resolve);
    child.send({ id: calls, method, request } satisfies Call);
    const answer = await promise;
    if ('value' in answer) return answer.value;
    throw errorFrom(answer.error);
  };

  return {
    store: storeFrom(call),
    call,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    end: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
  };
}
