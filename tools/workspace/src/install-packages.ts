import { spawnSync } from 'node:child_process';
import { isCommand } from './run-command.js';

/** Installs Debian packages by apt-get. If that is impossible or fails, it prints why: the tests that need them say more. */
export function installPackages(names: readonly string[]): void {
  if (process.getuid?.() !== 0 || !isCommand('apt-get')) {
    console.warn(`INSTALL_SERVICES=1 needs root and apt-get. Not installed: ${names.join(' ')}`);
    return;
  }
  console.log(`Installing ${names.join(' ')}`);
  aptGet('update');
  aptGet('install', '--yes', '--no-install-recommends', ...names);
}

function aptGet(...args: readonly string[]): void {
  // RUNLEVEL=1 keeps a package from starting its service, which no test would use.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status, stderr } = spawnSync('apt-get', args, { env, stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' });
  if (status !== 0) console.warn(`apt-get ${args.join(' ')} failed:\n${stderr}`);
}
