import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { serverSettings } from '@org/bench/server-settings';
import { temporaryDatabase, unusedPort, type TemporaryDatabase } from '@org/store-kysely/testing';
import type { ObserverOptions } from './observer.js';
import { ServerEnded } from './server-ended.js';
import { UnusableServer } from './unusable-server.js';

/** A server that calls can be sent to, and where to look at it meanwhile. */
export interface Target extends Pick<ObserverOptions, 'metricsUrl' | 'postgresBackend' | 'redisUrl'> {
  /** Of the MCP endpoint. */
  readonly url: string;
  /** Fires when the server ends by itself; the reason is a `ServerEnded`. Absent: its process is not ours. */
  readonly ended?: AbortSignal | undefined;
  /** What it runs on and with. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ServerOptions {
  /** Variables of `mcp-http` besides those that are set here. */
  readonly env: Readonly<Record<string, string>>;
  /** Where its log goes. */
  readonly folder: string;
  /** What is started, it defers the end of. */
  readonly resources: AsyncDisposableStack;
  /** Of Node. */
  readonly nodeArguments?: readonly string[] | undefined;
}

const program = fileURLToPath(new URL('../../../apps/mcp-http/dist/main.js', import.meta.url));
const databaseServerUrl =
  process.env['DATABASE_TEST_URL'] ?? `postgres://${encodeURIComponent(userInfo().username)}@127.0.0.1:5432/postgres`;
const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';
const startLimitMs = 30_000;

/**
 * Starts the built `mcp-http` as a process of its own on a new database, with Redis where there is one.
 *
 * @throws UnusableServer without PostgreSQL, or when it does not start
 */
export async function startServer({ env, folder, resources, nodeArguments = [] }: ServerOptions): Promise<Target> {
  const database = await openDatabase(resources);
  const hasRedis = await accepts(redisUrl);
  const [port, metricsPort] = [await unusedPort(), await unusedPort()];
  const given = {
    ...(hasRedis && { REDIS_URL: redisUrl, REDIS_DEPLOYMENT: `load-${randomBytes(6).toString('hex')}` }),
    ...env,
  };
  const logFile = join(folder, 'server.log');
  const log = openSync(logFile, 'w');
  const child = spawn(process.execPath, [...nodeArguments, program], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      PORT: `${port}`,
      METRICS_PORT: `${metricsPort}`,
      ...given,
    },
    stdio: ['ignore', log, log],
    // A Ctrl-C is for the driver, which then stops the server in order.
    detached: true,
  });
  const killed = (): void => void child.kill('SIGKILL');
  process.once('exit', killed);
  resources.defer(async () => {
    process.off('exit', killed);
    await stop(child);
  });
  const ended = endOf(child, logFile, resources);
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(child, origin, logFile);
  const [backend] = await database.query(
    `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() limit 1`,
  );
  const query = (text: string): Promise<Record<string, unknown>[]> => database.query(text);
  return {
    url: `${origin}/mcp`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
    postgresBackend: Number(backend?.['pid']),
    ...(hasRedis && { redisUrl }),
    ended,
    settings: {
      ...withoutSecrets(given),
      ...(!hasRedis && { Redis: `none at ${new URL(redisUrl).host}` }),
      ...(await serverSettings({ query })),
    },
  };
}

async function openDatabase(resources: AsyncDisposableStack): Promise<TemporaryDatabase> {
  const database = await temporaryDatabase(databaseServerUrl).catch((error: unknown) => {
    const host = URL.parse(databaseServerUrl)?.host;
    const problem =
      host === undefined
        ? 'DATABASE_TEST_URL is no URL of a PostgreSQL server, such as postgres://user@127.0.0.1:5432/postgres.'
        : `The PostgreSQL server at ${host} cannot be used (${(error as Error).message}): start one, or name it in DATABASE_TEST_URL.`;
    throw new UnusableServer(problem, { cause: error });
  });
  resources.defer(database.drop);
  return database;
}

/** Fires when a server ends before it is told to, with what it said last in its log. */
function endOf(child: ChildProcess, logFile: string, resources: AsyncDisposableStack): AbortSignal {
  const ended = new AbortController();
  const onExit = (code: number | null, signal: string | null): void =>
    ended.abort(new ServerEnded(signal === null ? `with exit code ${code}` : `by ${signal}`, logFile));
  child.once('exit', onExit);
  resources.defer(() => void child.off('exit', onExit));
  return ended.signal;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}

async function untilReady(child: ChildProcess, origin: string, logFile: string): Promise<void> {
  const deadlineMs = performance.now() + startLimitMs;
  while (child.exitCode === null && child.signalCode === null && performance.now() < deadlineMs) {
    const ready = await fetch(`${origin}/ready`).catch(() => undefined);
    if (ready?.ok === true) return;
    await setTimeout(50);
  }
  throw new UnusableServer(`mcp-http did not start; see ${logFile}`);
}

async function accepts(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port || 6379), timeout: 1000 });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** For a report: a URL may hold a password, and names nothing that the report would lack. */
const withoutSecrets = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/URL|KEY|SECRET|TOKEN|DEPLOYMENT/.test(name)));
