import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { post } from '@org/mcp-http/testing';
import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { provideBaseImage } from './image/base-image.js';
import { buildImage, podman, runOptions } from './image/podman.js';
import { readSettings } from './read-settings.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const image = `localhost/systemd:test-${process.pid}`;
const keysFile = '/etc/context-store/keys.jsonl';

beforeAll(async () => {
  await provideBaseImage('node:24-bookworm-slim');
  await buildImage(image, '--file', join(import.meta.dirname, 'image/systemd.dockerfile'), import.meta.dirname);
}, 600_000);
afterAll(() => podman('rmi', '--force', image));

/** A machine with this clone in /opt/context-store, and the unit with its settings. Returns the container's id. */
async function startMachine(databaseUrl: string, settings: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'unit-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await chmod(folder, 0o755);
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(join(folder, 'environment'), lines.join(''));
  // Root's alone.
  await writeFile(join(folder, 'database_url'), `${databaseUrl}\n`, { mode: 0o600 });
  const volumes = [
    `${root}:/opt/context-store:ro`,
    `${folder}:/etc/context-store`,
    `${root}deploy/mcp-http.service:/etc/systemd/system/mcp-http.service:ro`,
  ].flatMap((volume) => ['--volume', volume]);
  const options = ['--detach', '--systemd=always', '--privileged', ...(await runOptions()), ...volumes];
  const { stdout } = await podman('run', ...options, image);
  const machine = stdout.trim();
  onTestFinished(async () => void (await podman('rm', '--force', '--time', '0', machine)));
  return machine;
}

it('systemd runs the unit: it migrates, serves with the credentials of files, and stops', async () => {
  const database = await temporaryDatabase();
  onTestFinished(database.drop);
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const machine = await startMachine(database.url, {
    ...readSettings(await readFile(join(root, 'deploy/production.env'), 'utf8')),
    PORT: `${port}`,
    METRICS_PORT: `${metricsPort}`,
  });
  const inMachine = async (...args: readonly string[]): Promise<string> =>
    (await podman('exec', machine, ...args)).stdout.trim();
  const property = (name: string): Promise<string> =>
    inMachine('systemctl', 'show', 'mcp-http', '--value', '--property', name);
  const bin = '/opt/context-store/node_modules/.bin';
  const key = await inMachine(
    'env',
    `API_KEYS_FILE=${keysFile}`,
    `${bin}/context-store`,
    'keys',
    'create',
    'ci',
    '--scopes',
    'admin',
  );
  await inMachine('chown', 'root:context-store', keysFile);
  await inMachine('chmod', '640', keysFile);

  // It returns when the migration is done and the server was started.
  await expect.poll(() => inMachine('systemctl', 'start', 'mcp-http').then(() => 'started', String)).toBe('started');
  const url = `http://127.0.0.1:${port}`;
  await expect
    .poll(() =>
      fetch(`${url}/ready`).then(
        ({ status }) => status,
        () => 0,
      ),
    )
    .toBe(200);
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'listSessions', arguments: { agent: 'a' } },
  };
  expect((await post(`${url}/mcp`, message)).status).toBe(401);
  expect(await (await post(`${url}/mcp`, message, { authorization: `Bearer ${key}` })).text()).toContain('"sessions"');

  const status = await inMachine('sh', '-c', `cat /proc/${await property('MainPID')}/status`);
  expect(status).toMatch(/^CapBnd:\t0+$/m);
  expect(status).toMatch(/^Seccomp:\t2$/m);
  await inMachine('systemctl', 'stop', 'mcp-http');
  expect(await property('Result')).toBe('success');
  expect(await inMachine('journalctl', '--unit', 'mcp-http', '--output', 'cat')).toContain('migrated from schema 0');
});
