import { expect, it } from 'vitest';
import { checkFileSystem, readMounts } from './check-file-system.js';

const mounts = [
  'overlay / overlay rw,relatime 0 0',
  '/dev/sda1 /home ext4 rw 0 0',
  'server:/export /home/ada nfs4 rw 0 0',
  'ada@host:/ /mnt/my\\040files fuse.sshfs rw 0 0',
  '//host/share /srv cifs rw 0 0',
  '/dev/sdb1 /srv xfs rw 0 0',
  'share /host 9p rw 0 0',
].join('\n');

it.each([
  ['/home/ada/data', 'nfs4'],
  ['/mnt/my files', 'fuse.sshfs'],
  ['/host/deep/down', '9p'],
])('names the network file system of %s', (folder, kind) => {
  expect(checkFileSystem(folder, mounts)).toMatchObject({
    state: 'problem',
    message: expect.stringContaining(`${folder} is on ${kind}: a network file system`) as string,
    advice: expect.stringContaining('PostgreSQL') as string,
  });
});

it.each([
  ['/home/adam', 'ext4'],
  ['/var/lib', 'overlay'],
  // A later mount covers an earlier one.
  ['/srv/data', 'xfs'],
])('accepts the local file system of %s', (folder, kind) => {
  expect(checkFileSystem(folder, mounts)).toEqual({ check: 'file system', state: 'ok', message: kind });
});

it('says nothing where the mounts are unknown', () => {
  expect(checkFileSystem('/home', undefined)).toBeUndefined();
});

it.runIf(process.platform === 'linux')('reads the mounts of this machine', () => {
  expect(checkFileSystem('/', readMounts())).toBeDefined();
});
