import { once } from 'node:events';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { post } from '@org/mcp-http/testing';
import { temporaryDatabase, unusedPort } from '@org/store-kysely/testing';
import { startOtlpReceiver } from '@org/telemetry-otel/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { provideBaseImage } from './image/base-image.js';
import { buildImage, imageBytes, podman, restricted, runOptions, type Output } from './image/podman.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const base = 'node:24-bookworm-slim';
const image = `localhost/context-store:test-${process.pid}`;
const command = ['--entrypoint', 'context-store'];

type Settings = Readonly<Record<string, string>>;

const settingOptions = (settings: Settings): string[] =>
  Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);

/** Runs a program of the image until it ends. Rejects with the exit code and the output if it fails. */
const runOnce = async (options: readonly string[], args: readonly string[] = []): Promise<Output> =>
  podman('run', '--rm', ...(await runOptions()), ...restricted, ...options, image, ...args);

/** Starts a program of the image, and returns the container's id. */
async function start(options: readonly string[], args: readonly string[] = []): Promise<string> {
  const { stdout } = await podman(
    'run',
    '--detach',
    ...(await runOptions()),
    ...restricted,
    ...options,
    image,
    ...args,
  );
  const id = stdout.trim();
  onTestFinished(async () => void (await podman('rm', '--force', '--time', '0', id)));
  return id;
}

/** Sends SIGTERM, and SIGKILL after a second, which would make the exit code 137. Returns the exit code. */
async function stop(container: string): Promise<number> {
  await podman('stop', '--time', '1', container);
  const { stdout } = await podman('inspect', '--format', '{{.State.ExitCode}}', container);
  return Number(stdout);
}

/** A folder of the user that `restricted` names, as an option. */
async function ownFolder(path: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'image-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await chown(folder, 12_345, 0);
  return ['--volume', `${folder}:${path}`];
}

/** A database that accepts connections and never answers. */
async function silentDatabase(): Promise<{ url: string; connected: Promise<unknown> }> {
  const server = createServer((socket) => void socket.on('error', () => undefined)).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { url: `postgres://root@127.0.0.1:${port}/context`, connected: once(server, 'connection') };
}

// Debian and the dependencies are installed: minutes on slow cores.
beforeAll(async () => {
  await provideBaseImage(base);
  await buildImage(image, root);
}, 600_000);
afterAll(async () => {
  await podman('rmi', '--force', image);
  await podman('image', 'prune', '--force');
});

it('adds little to its base: bundles, and one native module', async () => {
  const mebibytes = ((await imageBytes(image)) - (await imageBytes(base))) / 2 ** 20;
  expect(mebibytes).toBeGreaterThan(1);
  expect(mebibytes).toBeLessThan(20);
});

it('migrates, makes a key, serves a call with it, and stops when told', async () => {
  const database = await temporaryDatabase();
  onTestFinished(database.drop);
  const receiver = await startOtlpReceiver();
  onTestFinished(receiver.close);
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const keys = await ownFolder('/keys');
  const settings = {
    DATABASE_URL: database.url,
    DATABASE_MIGRATE: 'false',
    API_KEYS_FILE: '/keys/keys.jsonl',
    PORT: `${port}`,
    METRICS_PORT: `${metricsPort}`,
    // Each loads modules that the start without it does not. A Redis that is away does not keep a server from serving.
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    REDIS_URL: 'redis://127.0.0.1:1',
  };
  const options = [...settingOptions(settings), ...keys];
  const { stdout: migrated } = await runOnce([...options, ...command], ['migrate']);
  expect(migrated).toContain('migrated from schema 0');
  const { stdout: key } = await runOnce(
    [...options, ...command],
    ['keys', 'create', 'client', '--scopes', 'context:read,context:write'],
  );

  const server = await start(options);
  const url = `http://127.0.0.1:${port}`;
  const ready = (): Promise<number> =>
    fetch(`${url}/ready`).then(
      ({ status }) => status,
      () => 0,
    );
  await expect.poll(ready).toBe(200);
  await podman('healthcheck', 'run', server);
  const message = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'registerSession', arguments: { agent: 'planner', sessionKey: 'work' } },
  };
  expect((await post(`${url}/mcp`, message)).status).toBe(401);
  const answer = await post(`${url}/mcp`, message, { authorization: `Bearer ${key.trim()}` });
  expect(await answer.text()).toContain('"created":true');
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  expect(metrics).toMatch(/^tool_duration_ms_count\{.*tool="registerSession"/m);

  const { stdout: processes } = await podman('top', server, 'pid', 'user', 'state');
  expect(processes.trim().split('\n').slice(1)).toEqual([expect.stringMatching(/^1 +12345 +[RS]/)]);
  expect(await stop(server)).toBe(0);
  expect(receiver.spans).not.toEqual([]);
});

it('takes half of its memory for the heap', async () => {
  const { stdout } = await runOnce(
    ['--entrypoint', 'node'],
    ['--print', 'require("node:v8").getHeapStatistics().heap_size_limit / 2 ** 20'],
  );
  // The old space and, for a moment, a young generation: docs/operations/performance.md#memory
  expect(Number(stdout)).toBe(384 + 48);
});

it('keeps a SQLite file in a volume', async () => {
  const options = [...settingOptions({ DATABASE_URL: 'sqlite:/data/context.db' }), ...(await ownFolder('/data'))];
  const migrate = (): Promise<Output> => runOnce([...options, ...command], ['migrate']);
  expect((await migrate()).stdout).toContain('migrated from schema 0');
  expect((await migrate()).stdout).toContain('already at schema');
});

it('does not start until a setting says who may call', async () => {
  const failed = await runOnce(settingOptions({ DATABASE_URL: 'sqlite::memory:' })).catch((error: unknown) => error);
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('AUTH_MODE') as string });
});

it.each([
  { program: 'mcp-http', args: [], options: [], code: 0 },
  // It did not do its task.
  { program: 'context-store migrate', args: ['migrate'], options: command, code: 143 },
])('$program ends on SIGTERM while it opens its database', async ({ args, options, code }) => {
  const { url, connected } = await silentDatabase();
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const settings = { DATABASE_URL: url, AUTH_MODE: 'none', PORT: `${port}`, METRICS_PORT: `${metricsPort}` };
  const container = await start([...settingOptions(settings), ...options], args);
  await connected;
  expect(await stop(container)).toBe(code);
});
