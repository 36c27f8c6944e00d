import { fork } from 'node:child_process';
import { connectStore, type StoreProcess } from '@org/store-contract/processes';

/** How many parts of logs a process found. */
export interface Lookups {
  hits: number;
  /** Those of them that Redis returned. Texts that turned out not to be the wanted part count too. */
  foundInRedis: number;
}

/** Another process with its own cache. */
export interface CachedProcess extends Pick<StoreProcess, 'store' | 'end'> {
  readonly lookups: () => Promise<Readonly<Lookups>>;
}

export function forkCached(url: string, redisUrl: string, deployment: string): CachedProcess {
  const child = fork(`${import.meta.dirname}/cached-process.ts`, [url, redisUrl, deployment], {
    execArgv: [
      '--conditions=@org/source',
      '--import',
      `${import.meta.dirname}/../../../tools/workspace/src/typescript-imports.ts`,
    ],
    serialization: 'advanced',
  });
  const { store, end, call } = connectStore(child);
  return { store, end, lookups: () => call('lookups') as ReturnType<CachedProcess['lookups']> };
}
