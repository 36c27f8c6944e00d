import { spawnSync } from 'node:child_process';

/** Returns true if the command exists and exits with 0. Its output is discarded. */
export const succeeds = (command: string, ...args: readonly string[]): boolean =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Returns true if a program of this name is on the PATH. */
export const isCommand = (name: string): boolean => succeeds('sh', '-c', `command -v ${name}`);
