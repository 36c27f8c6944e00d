import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** The user of a process, as options of `spawn`. Default: the user of this process. */
export interface User {
  readonly uid?: number;
  readonly gid?: number;
}

/** Returns the user `nobody` for programs that refuse to run as root. */
export async function unprivilegedUser(): Promise<User> {
  if (process.getuid?.() !== 0) return {};
  const run = promisify(execFile);
  const [uid, gid] = await Promise.all([run('id', ['-u', 'nobody']), run('id', ['-g', 'nobody'])]);
  return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
}
