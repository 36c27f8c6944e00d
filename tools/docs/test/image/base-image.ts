import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, realpath, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder, podman, podmanCommand } from './podman.js';

const run = promisify(execFile);
const npmVersion = '11.19.1';
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Makes the image that the Dockerfile starts from, without a registry of images: Debian by debootstrap, Node.js by the one
 * that runs the tests, npm from npm. Does nothing if an earlier run made it for the same versions.
 *
 * @param name as in the Dockerfile, such as `node:24-bookworm-slim`
 */
export async function provideBaseImage(name: string): Promise<void> {
  const made = `localhost/made-base:node-${process.versions.node}-npm-${npmVersion}`;
  const exists = await podman('image', 'exists', made).then(
    () => true,
    () => false,
  );
  if (!exists) await makeBaseImage(made);
  await podman('tag', made, `localhost/${name}`);
}

async function makeBaseImage(name: string): Promise<void> {
  await mkdir(cacheFolder, { recursive: true });
  const rootFolder = await mkdtemp(join(cacheFolder, 'base-'));
  try {
    await run('debootstrap', [
      '--variant=minbase',
      '--include=ca-certificates',
      'bookworm',
      rootFolder,
      ...(await debianMirror()),
    ]);
    await addNode(rootFolder);
    await addNpm(rootFolder);
    // A machine may reach npm only through a proxy with a certificate of its own.
    await copyFile(certificates, join(rootFolder, certificates));
    await run('chroot', [rootFolder, 'useradd', '--uid', '1000', '--user-group', '--create-home', 'node']);
    const changes = [`ENV PATH=${path}`, `ENV NODE_EXTRA_CA_CERTS=${certificates}`].map(
      (change) => `--change '${change}'`,
    );
    await run('sh', ['-c', `tar -C ${rootFolder} -c . | ${podmanCommand} import ${changes.join(' ')} - ${name}`]);
  } finally {
    await rm(rootFolder, { recursive: true });
  }
}

/** The mirror that this machine installs Debian's packages from. None if it runs another system: debootstrap has a default. */
async function debianMirror(): Promise<string[]> {
  const filters = ['Codename: bookworm', 'Created-By: Packages'];
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(SITE)', ...filters]);
  return stdout
    .trim()
    .split('\n')
    .slice(0, 1)
    .filter((site) => site !== '');
}

async function addNode(rootFolder: string): Promise<void> {
  const target = join(rootFolder, 'usr/local/bin/node');
  await copyFile(await realpath(process.execPath), target);
  await chmod(target, 0o755);
}

async function addNpm(rootFolder: string): Promise<void> {
  const { stdout } = await run('npm', ['pack', '--silent', `npm@${npmVersion}`], { cwd: rootFolder });
  const archive = join(rootFolder, stdout.trim());
  const modules = join(rootFolder, 'usr/local/lib/node_modules');
  await mkdir(modules, { recursive: true });
  await run('tar', ['--extract', '--no-same-owner', '--file', archive, '--directory', modules]);
  await rm(archive);
  await rename(join(modules, 'package'), join(modules, 'npm'));
  for (const command of ['npm', 'npx']) {
    await chmod(join(modules, `npm/bin/${command}-cli.js`), 0o755);
    await symlink(`../lib/node_modules/npm/bin/${command}-cli.js`, join(rootFolder, 'usr/local/bin', command));
  }
}
