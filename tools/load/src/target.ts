import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  lookAtCpu,
  peakMemoryBytes,
  postgresProcesses,
  redisProcesses,
  type CpuLook,
  type Parts,
} from '@org/measure/cpu';
import { mcpHttp, startHttpServer } from '@org/measure/http-server-process';
import { MissingService } from '@org/measure/run-command';
import { createRunDatabase } from '@org/measure/run-database';
import { scrape, type Scrape } from '@org/telemetry-otel/testing';

/** A server that calls can be sent to. */
export interface Target {
  /** Of the MCP endpoint. */
  readonly url: string;
  readonly token?: string | undefined;
  readonly metricsUrl?: string | undefined;
  /** Only of a server that this process has started. */
  readonly pid?: number | undefined;
  /** Fires if a server that this process has started ends. Its reason is a `ServerEnded`. */
  readonly ended?: AbortSignal | undefined;
  /** What it runs on and with. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ServerOptions {
  /** Variables of `mcp-http` that the caller sets. */
  readonly env: Readonly<Record<string, string>>;
  /** For its log. */
  readonly folder: string;
  readonly resources: AsyncDisposableStack;
  /** Options of Node.js. */
  readonly nodeArguments?: readonly string[] | undefined;
}

const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

/**
 * Starts the built `mcp-http` on a new database, with Redis if one is running, and defers its end.
 *
 * @throws MissingService without PostgreSQL
 * @throws ServerEnded if it does not start
 */
export async function startTarget({ env, folder, resources, nodeArguments }: ServerOptions): Promise<Target> {
  const database = await createRunDatabase(resources);
  const hasRedis = await accepts(redisUrl);
  const given = {
    ...(hasRedis && { REDIS_URL: redisUrl, REDIS_DEPLOYMENT: `load-${randomBytes(6).toString('hex')}` }),
    ...env,
  };
  const server = await startHttpServer(
    {
      program: mcpHttp,
      env: { DATABASE_URL: database.url, ...given },
      logFile: join(folder, 'server.log'),
      nodeArguments,
    },
    resources,
  );
  const { url, metricsUrl, pid, ended } = server;
  const settings = {
    ...withoutSecrets(given),
    Redis: `${hasRedis ? '' : 'none '}at ${new URL(redisUrl).host}`,
    ...(await database.settings()),
  };
  return { url, metricsUrl, pid, ended, settings };
}

/** What is known of a target at one moment. */
export interface TargetLook {
  readonly cpu: CpuLook;
  /** The metrics that the server exposes, if the target names their URL. */
  readonly metrics?: Scrape | undefined;
  readonly serverMemoryBytes?: number | undefined;
}

/**
 * Reads the metrics and CPU times. Of a server that this process has not started, CPU times are unknown.
 *
 * @param driverPid of the process that makes the calls. Default: this process.
 * @throws MissingService if the metrics cannot be read
 */
export async function lookAtTarget(target: Target, driverPid: number = process.pid): Promise<TargetLook> {
  const { pid } = target;
  const driver: Parts = { driver: () => [driverPid] };
  const parts: Parts =
    pid === undefined
      ? driver
      : { server: () => [pid], PostgreSQL: () => postgresProcesses(), Redis: redisProcesses, ...driver };
  return {
    cpu: lookAtCpu(parts),
    serverMemoryBytes: pid === undefined ? undefined : peakMemoryBytes(pid),
    metrics: await readMetrics(target),
  };
}

/** Returns undefined if the target names no URL of its metrics. @throws MissingService if they cannot be read */
export async function readMetrics({ metricsUrl: url }: Target): Promise<Scrape | undefined> {
  try {
    return url === undefined ? undefined : await scrape(url);
  } catch (error) {
    const hint = 'set METRICS_PORT of the server, or leave --metrics out.';
    throw new MissingService(`No metrics at ${url}: ${hint}`, { cause: error });
  }
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

/** For a report: a URL may hold a password. */
const withoutSecrets = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/URL|KEY|SECRET|TOKEN|DEPLOYMENT/.test(name)));
