import { readFileSync } from 'node:fs';
import { findingsOf, type Finding } from './finding.js';

/** Their locks and shared memory do not reach other machines, so that SQLite's log (WAL) is not safe there. */
const remoteKinds: ReadonlySet<string> = new Set(
  `nfs nfs3 nfs4 cifs smb smbfs smb3 9p afs ceph glusterfs lustre gfs2 ocfs2 virtiofs vboxsf davfs
   fuse.sshfs fuse.glusterfs fuse.ceph fuse.s3fs fuse.rclone fuse.davfs2 fuse.gcsfuse fuse.gvfsd-fuse`.split(/\s+/),
);

/**
 * Checks the kind of file system of a folder.
 * @param folder its real path
 * @param mounts a table in the form of `/proc/self/mounts`. Undefined: unknown
 * @returns undefined if the kind is unknown
 */
export function checkFileSystem(folder: string, mounts: string | undefined): Finding | undefined {
  const { ok, problem } = findingsOf('file system');
  const kind = mounts === undefined ? undefined : findKind(folder, mounts);
  if (kind === undefined) return undefined;
  if (!remoteKinds.has(kind)) return ok(kind);
  return problem(
    `${folder} is on ${kind}: a network file system, on which SQLite loses data when several processes write`,
    'Keep the file on a local disk, or use PostgreSQL.',
  );
}

/** Reads the table of mounts. Returns undefined on systems without one. */
export function readMounts(): string | undefined {
  try {
    return readFileSync('/proc/self/mounts', 'utf8');
  } catch {
    return undefined;
  }
}

/** Later mounts cover earlier ones at the same place. */
function findKind(folder: string, mounts: string): string | undefined {
  let best: { readonly place: string; readonly kind: string } | undefined;
  for (const line of mounts.split('\n')) {
    const [, escaped, kind] = line.split(' ');
    if (escaped === undefined || kind === undefined) continue;
    const place = escaped.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
    const covers = place === '/' || folder === place || folder.startsWith(`${place}/`);
    if (covers && place.length >= (best?.place.length ?? 0)) best = { place, kind };
  }
  return best?.kind;
}
