import { fork } from 'node:child_process';
import { once } from 'node:events';
import { ContextStoreError, type ErrorCode, type Store } from '@org/domain';

export interface Call {
  readonly id: number;
  readonly method: keyof Store | 'lookups';
  readonly request: unknown;
}

export type Answer = { readonly id: number } & (
  | { readonly value: unknown }
  | { readonly error: { readonly code: ErrorCode; readonly message: string } }
);

/** How many parts of logs a process found. */
export interface Lookups {
  hits: number;
  /** Those of them that Redis returned. Texts that turned out not to be the wanted part count too. */
  foundInRedis: number;
}

/** Another process with its own cache. */
export interface CachedProcess {
  readonly store: Store;
  readonly lookups: () => Promise<Readonly<Lookups>>;
  readonly end: () => Promise<void>;
}

export function forkCached(url: string, redisUrl: string, deployment: string): CachedProcess {
  const child = fork(`${import.meta.dirname}/cached-process.ts`, [url, redisUrl, deployment], {
    execArgv: ['--conditions=@org/source', '--import', `${import.meta.dirname}/typescript-imports.ts`],
    serialization: 'advanced',
  });
  const exited = once(child, 'exit');
  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let calls = 0;
  const call = async (method: Call['method'], request?: unknown): Promise<unknown> => {
    calls += 1;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    waiting.set(calls, resolve);
    child.send({ id: calls, method, request } satisfies Call);
    const answer = await promise;
    if ('value' in answer) return answer.value;
    throw new ContextStoreError(answer.error.code, answer.error.message);
  };
  return {
    store: new Proxy({} as Store, {
      get: (_target, method) => (request: unknown) => call(method as keyof Store, request),
    }),
    lookups: () => call('lookups') as ReturnType<CachedProcess['lookups']>,
    end: async () => {
      child.disconnect();
      await exited;
    },
  };
}
