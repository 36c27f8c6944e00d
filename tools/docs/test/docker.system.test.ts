import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryDatabase, unprivilegedUser, unusedPort } from '@org/store-kysely/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const run = promisify(execFile);

/** The instructions of the Dockerfile, without comments. */
const instructions = (await readFile(join(root, 'Dockerfile'), 'utf8'))
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => {
    const [name = '', ...rest] = line.split(' ');
    return { name, value: rest.join(' ') };
  });
const all = (name: string): string[] =>
  instructions.filter((instruction) => instruction.name === name).map(({ value }) => value);

describe('docker-compose.yml', () => {
  it('is what Compose takes, and mounts files that exist', async () => {
    const { stdout } = await run('docker-compose', ['--file', join(root, 'docker-compose.yml'), 'config']);
    const mounted = [...stdout.matchAll(/^\s*- (\/[^:\n]+):[^:\n]+:ro$/gm)].map(([, path = '']) => path);
    expect(mounted).toHaveLength(5);
    for (const path of mounted) expect(await readFile(path, 'utf8')).not.toBe('');
  });
});

/** The environment of a shell: npm passes the paths of its user's files to the programs that it runs. */
const plainEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_config_(?:cache|userconfig|.*prefix)$/.test(name)),
  );

/** There may be no container engine where the tests run: what one would do, a plain user does in empty folders. */
describe('the image', { timeout: 300_000 }, () => {
  let folder: string;
  let image: string;
  const user = unprivilegedUser();

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'image-'));
    image = join(folder, 'image');
    const source = join(folder, 'source');
    await mkdir(source);
    const { stdout } = await run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: root });
    for (const file of stdout.trim().split('\n')) await cp(join(root, file), join(source, file));
    const { uid, gid } = await user;
    if (uid !== undefined && gid !== undefined) await run('chown', ['-R', `${uid}:${gid}`, folder]);
    const env = { ...plainEnvironment(), HOME: join(folder, 'home') };
    for (const command of all('RUN')) {
      await run('sh', ['-c', command.replaceAll(' /image', ` ${image}`)], { cwd: source, env, ...(await user) });
    }
  }, 300_000);
  afterAll(() => rm(folder, { recursive: true }));

  const environment = () => ({
    PATH: `${join(image, 'bin')}:${process.env['PATH'] ?? ''}`,
    ...Object.fromEntries(
      all('ENV')
        .flatMap((value) => value.split(' '))
        .map((setting) => setting.split('='))
        .filter(([name]) => name !== 'PATH'),
    ),
  });
  const entrypoint = JSON.parse(all('ENTRYPOINT')[0] ?? '[]') as string[];
  const healthCheck = JSON.parse(/CMD (.*)$/.exec(all('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];

  it('holds a server that is healthy, serves, and stops when told', async () => {
    const database = await temporaryDatabase();
    const [port, metricsPort] = [await unusedPort(), await unusedPort()];
    const [command = '', ...args] = entrypoint;
    const env = {
      ...environment(),
      AUTH_MODE: 'none',
      DATABASE_URL: database.url,
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
    };
    const server = spawn(command, args, { cwd: image, env, stdio: 'ignore', ...(await user) });
    const ended = once(server, 'exit');
    try {
      const url = `http://127.0.0.1:${port}`;
      await expect
        .poll(() =>
          fetch(`${url}/ready`).then(
            ({ status }) => status,
            () => 0,
          ),
        )
        .toBe(200);
      const [check = '', ...checkArgs] = healthCheck;
      await run(check, checkArgs, { cwd: image, env });
      expect((await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).status).toBe(200);
    } finally {
      server.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
      await database.drop();
    }
  });

  it('does not start until a setting says who may call', async () => {
    const [command = '', ...args] = entrypoint;
    const env = { ...environment(), DATABASE_URL: 'sqlite::memory:', PORT: '0' };
    const failed = await run(command, args, { cwd: image, env }).catch(
      (error: { code: number; stderr: string }) => error,
    );
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('AUTH_MODE') as string });
  });

  it('makes API keys before a setting says who may call', async () => {
    const keys = join(folder, 'keys.jsonl');
    const env = { ...environment(), DATABASE_URL: 'postgres://database.internal/context', API_KEYS_FILE: keys };
    const args = ['keys', 'create', 'client', '--scopes', 'context:read'];
    const { stdout } = await run(join(image, 'bin/context-store'), args, { env });
    expect(stdout).toMatch(/^csk_client\./);
    expect(await readFile(keys, 'utf8')).toContain('"id":"client"');
  });

  it('brings the command that looks after the database', async () => {
    const { stdout } = await run(join(image, 'bin/context-store'), ['--version'], { env: environment() });
    expect(stdout).toBe('0.1.0\n');
  });
});
