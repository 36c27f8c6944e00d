import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { freemem, totalmem } from 'node:os';
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

const redisUrl = process.env['REDIS_TEST_URL'] ?? 'redis://127.0.0.1:6379';

/**
 * Starts the built `mcp-http` on a new database, with Redis if one is running, and defers its end.
 *
 * @param env variables of the server that the caller sets
 * @param folder for its log
 * @throws MissingService without PostgreSQL
 * @throws ServerEnded if it does not start
 */
export async function startTarget(
  env: Readonly<Record<string, string>>,
  folder: string,
  resources: AsyncDisposableStack,
): Promise<Target> {
  const database = await createRunDatabase(resources);
  const hasRedis = await accepts(redisUrl);
  const redis = { REDIS_URL: redisUrl, REDIS_DEPLOYMENT: `load-${randomBytes(6).toString('hex')}` };
  const serverEnv = { DATABASE_URL: database.url, ...(hasRedis && redis), ...env };
  const logFile = join(folder, 'server.log');
  const server = await startHttpServer({ program: mcpHttp, env: serverEnv, logFile }, resources);
  // A URL may hold a password.
  const shown = Object.entries(env).filter(([name]) => !/URL|KEY|SECRET|TOKEN/.test(name));
  const settings = {
    ...Object.fromEntries(shown),
    Redis: `${hasRedis ? '' : 'none '}at ${new URL(redisUrl).host}`,
    ...database.settings,
  };
  return { ...server, settings };
}

/** What is known of a target at one moment. */
export interface TargetLook {
  readonly cpu: CpuLook;
  /** Used memory of the machine. */
  readonly memoryShare: number;
  /** The most that the server ever had resident. */
  readonly serverMemoryBytes?: number | undefined;
  /** Undefined if the target has no URL of metrics, or they cannot be read. */
  readonly metrics?: Scrape | undefined;
}

/** Reads the metrics and CPU times. Of a server that this process has not started, CPU times are unknown. */
export async function lookAtTarget(target: Target): Promise<TargetLook> {
  const { pid } = target;
  const parts: Parts =
    pid === undefined ? {} : { server: () => [pid], PostgreSQL: postgresProcesses, Redis: redisProcesses };
  return {
    cpu: lookAtCpu({ ...parts, driver: () => [process.pid] }),
    memoryShare: 1 - freemem() / totalmem(),
    serverMemoryBytes: pid === undefined ? undefined : peakMemoryBytes(pid),
    metrics: await readMetrics(target),
  };
}

/** Returns undefined if the target has no URL of metrics, or they cannot be read. */
export const readMetrics = async ({ metricsUrl }: Target): Promise<Scrape | undefined> =>
  metricsUrl === undefined ? undefined : scrape(metricsUrl).catch(() => undefined);

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
