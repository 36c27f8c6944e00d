import { fork } from 'node:child_process';
import { connectStore, type StoreProcess } from '@org/store-contract/processes';

/** A process that has a database open. */
export interface DatabaseProcess extends Omit<StoreProcess, 'call'> {
  readonly advance: (ms: number) => Promise<void>;
}

/** Starts a process with a store: on a file, or on what a `postgres:` URL names. It runs the source. */
export function forkStore(location: string, env: Readonly<Record<string, string>> = {}): DatabaseProcess {
  const child = fork(`${import.meta.dirname}/store-process.ts`, [location], {
    execArgv: [
      '--conditions=@org/source',
      '--import',
      `${import.meta.dirname}/../../../../tools/workspace/src/typescript-imports.ts`,
    ],
    env: { ...process.env, ...env },
    serialization: 'advanced',
  });
  const { call, ...connected } = connectStore(child);
  return {
    ...connected,
    advance: async (ms) => {
      await call('advance', ms);
    },
  };
}
