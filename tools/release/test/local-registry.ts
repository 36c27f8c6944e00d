import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { unusedPort } from '@org/store-kysely/testing';

const run = promisify(execFile);

export interface LocalRegistry extends AsyncDisposable {
  readonly url: string;
  /** The environment of an npm that publishes to this registry and installs from it, and has a home of its own. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Starts an npm registry on loopback. It keeps the packages of the scope `@org`, and passes requests for others on to the
 * registry that npm is configured for.
 *
 * @param folder an empty folder, for all that it keeps
 */
export async function startLocalRegistry(folder: string): Promise<LocalRegistry> {
  const { stdout: upstream } = await run('npm', ['config', 'get', 'registry']);
  const port = await unusedPort();
  const url = `http://127.0.0.1:${port}/`;
  await mkdir(join(folder, 'registry'), { recursive: true });
  await mkdir(join(folder, 'home'));
  const configuration = {
    storage: join(folder, 'registry/storage'),
    uplinks: { upstream: { url: upstream.trim(), maxage: '60m', timeout: '60s' } },
    packages: { '@org/*': { access: '$all', publish: '$all' }, '**': { access: '$all', proxy: 'upstream' } },
    max_body_size: '100mb',
    log: { type: 'stdout', format: 'pretty', level: 'warn' },
  };
  // YAML contains JSON.
  await writeFile(join(folder, 'registry/config.yaml'), JSON.stringify(configuration));
  // It asks for node-fetch by a dist-tag, which mirrors of the registry may lack.
  const manifest = { private: true, dependencies: { verdaccio: '6.10.4' }, overrides: { 'node-fetch': '2.7.0' } };
  await writeFile(join(folder, 'registry/package.json'), JSON.stringify(manifest));
  await run('npm', ['install', '--prefix', join(folder, 'registry'), '--no-audit', '--no-fund']);
  const program = join(folder, 'registry/node_modules/verdaccio/bin/verdaccio');
  const child = spawn(
    process.execPath,
    [program, '--config', join(folder, 'registry/config.yaml'), '--listen', `127.0.0.1:${port}`],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  );
  await untilAnswers(`${url}-/ping`);
  // npm does not publish without a token. This registry accepts any.
  await writeFile(join(folder, 'home/.npmrc'), `registry=${url}\n//127.0.0.1:${port}/:_authToken=anybody\n`);
  return {
    url,
    env: { PATH: process.env['PATH'] ?? '', HOME: join(folder, 'home') },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

async function untilAnswers(url: string): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok === true) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${url} does not answer`);
}
