import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is slow to make, for the next run: the base image. */
export const cacheFolder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'context-store-image');

/**
 * A storage of the tests alone. cgroupfs and runc work without systemd, and on machines that mix control groups 1 and 2.
 * The log would complain with each container that health checks need systemd.
 */
const ownStorage = [
  ...`--root ${cacheFolder}/storage --runroot ${cacheFolder}/run --storage-driver overlay`.split(' '),
  ...'--cgroup-manager cgroupfs --events-backend file --runtime runc --log-level fatal'.split(' '),
];

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs podman. Rejects with the exit code and the output if it fails. */
export const podman = (...args: readonly string[]): Promise<Output> =>
  run('podman', [...ownStorage, ...args], { maxBuffer: 2 ** 26 });

/** The words of a podman command that runs another command with podman's storage, for a shell. */
export const podmanCommand = ['podman', ...ownStorage].join(' ');

/** Builds an image from local images. The format of OCI has no health check. */
export const buildImage = (tag: string, ...rest: readonly string[]): Promise<Output> =>
  podman(
    ...'build --network host --pull=never --isolation chroot --format docker --layers=false'.split(' '),
    '--tag',
    tag,
    ...rest,
  );

/** Where a container may do least: an unknown user of group 0 as on OpenShift, nothing writable, no capability. */
export const restricted =
  '--user 12345:0 --read-only --read-only-tmpfs=false --cap-drop ALL --security-opt no-new-privileges --memory 768m'.split(
    ' ',
  );

/** Options of all containers. By default, podman asks for more open files and processes than some machines allow. */
export async function runOptions(): Promise<string[]> {
  const { stdout } = await run('sh', ['-c', 'ulimit -Hn']);
  const files = stdout.trim();
  return `--network host --ulimit nofile=${files}:${files} --ulimit nproc=4096:4096`.split(' ');
}

/** The size of an image with all of its layers, in bytes. */
export async function imageBytes(image: string): Promise<number> {
  const { stdout } = await podman('image', 'inspect', '--format', '{{.Size}}', image);
  return Number(stdout);
}
