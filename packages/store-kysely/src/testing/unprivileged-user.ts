import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Whom a process is to run as, as `spawn` takes it. Empty: as the user of this one. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** For programs that refuse to run as root: `nobody` then. */
export async function unprivilegedUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const run = promisify(execFile);
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
