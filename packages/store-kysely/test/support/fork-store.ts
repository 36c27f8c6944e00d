import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ContextStoreError, type ErrorBody, type Store } from '@org/domain';

/** One call to a process's store, or to its clock. */
export interface Call {
  readonly id: number;
  readonly method: keyof Store | 'advance';
  readonly request: unknown;
}

export type Answer = { readonly id: number } & ({ readonly value: unknown } | { readonly error: ErrorBody });

/** A process that has the database open. */
export interface StoreProcess {
  readonly store: Store;
  readonly advance: (ms: number) => Promise<void>;
  /** Kills the process by SIGKILL, so that none of its code runs any more. */
  readonly kill: () => Promise<void>;
  /** Disconnects the process, which then closes its store and exits. */
  readonly end: () => Promise<void>;
}

/**
 * Starts a process with a store: on a file, or on what a `postgres:` URL names. It runs the source, see
 * `typescript-imports.ts`.
 */
export function forkStore(location: string, env: Readonly<Record<string, string>> = {}): StoreProcess {
  const child = fork(`${import.meta.dirname}/store-process.ts`, [location], {
    execArgv: ['--conditions=@org/source', '--import', `${import.meta.dirname}/typescript-imports.ts`],
    env: { ...process.env, ...env },
    serialization: 'advanced',
  });
  const exited = once(child, 'exit');
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });

  let calls = 0;
  const call = async (method: Call['method'], request: unknown): Promise<unknown> => {
    calls += 1;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(calls, resolve);
    child.send({ id: calls, method, request } satisfies Call);
    const answer = await promise;
    if ('value' in answer) return answer.value;
    const { code, message, details, retryable } = answer.error;
    throw new ContextStoreError(code, message, details, retryable ? {} : { retryable });
  };

  return {
    store: storeOf(call),
    advance: async (ms) => {
      await call('advance', ms);
    },
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

/** A store whose calls go to several stores on the same file, in turn. */
export function takingTurns(stores: readonly Store[]): Store {
  let turn = 0;
  return storeOf(async (method, request) => {
    if (method === 'close') return Promise.all(stores.map((store) => store.close()));
    turn += 1;
    const store = stores[turn % stores.length] as Store;
    return Reflect.apply(store[method], store, [request]) as Promise<unknown>;
  });
}

function storeOf(call: (method: keyof Store, request: unknown) => Promise<unknown>): Store {
  return new Proxy({} as Store, {
    get: (_target, method) => (request: unknown) => call(method as keyof Store, request),
  });
}
