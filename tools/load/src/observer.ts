import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { machineCpuUs, processCpuUs, stolenCpuUs } from '@org/bench/cpu-time';
import { scrape, type Scrape } from '@org/telemetry-otel/testing';
import { createClient } from '@redis/client';
import { UnusableServer } from './unusable-server.js';

/** Who works in a run. */
export const parts = ['server', 'PostgreSQL', 'Redis', 'driver'] as const;
export type Part = (typeof parts)[number];

export interface Usage {
  /** Only differences tell something. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
}

/** What is to be seen at one moment. What cannot be seen is absent. */
export interface Observation {
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  /** What the server tells of itself. */
  readonly metrics?: Scrape | undefined;
  readonly usage: Readonly<Partial<Record<Part, Usage>>>;
  readonly machine: {
    readonly cpuSeconds: number;
    readonly stolenSeconds: number;
    readonly memoryShare: number;
  };
}

export interface Observer {
  /** @throws UnusableServer when the server's metrics cannot be read */
  readonly observe: () => Promise<Observation>;
  readonly close: () => Promise<void>;
}

export interface ObserverOptions {
  /** Where the server exposes its metrics. */
  readonly metricsUrl?: string | undefined;
  /** One of the processes that serve the database's connections, on this machine. */
  readonly postgresBackend?: number | undefined;
  readonly redisUrl?: string | undefined;
  /** The process that makes the calls, when it is another one. */
  readonly driverPid?: number | undefined;
}

export async function openObserver(options: ObserverOptions): Promise<Observer> {
  const { metricsUrl, postgresBackend, redisUrl, driverPid } = options;
  const postmaster = postgresBackend === undefined ? undefined : parentOf(postgresBackend);
  const postgresUsage = postmaster === undefined ? () => undefined : createPostgresUsage(postmaster);
  const redis = redisUrl === undefined ? undefined : await connectRedis(redisUrl);
  return {
    async observe() {
      const [metrics, redisInfo] = await Promise.all([
        metricsUrl === undefined ? undefined : readMetrics(metricsUrl),
        redis?.sendCommand<string>(['INFO']),
      ]);
      const usage: Record<Part, Usage | undefined> = {
        server: metrics && serverUsage(metrics),
        PostgreSQL: postgresUsage(),
        Redis: redisInfo === undefined ? undefined : redisUsage(redisInfo),
        driver: driverUsage(driverPid),
      };
      return {
        atMs: performance.now(),
        metrics,
        usage: Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== undefined)),
        machine: {
          cpuSeconds: machineCpuUs() / 1e6,
          stolenSeconds: stolenCpuUs() / 1e6,
          memoryShare: 1 - freemem() / totalmem(),
        },
      };
    },
    close: async () => redis?.destroy(),
  };
}

async function readMetrics(url: string): Promise<Scrape> {
  try {
    return await scrape(url);
  } catch (error) {
    throw new UnusableServer(`No metrics at ${url}: set METRICS_PORT of the server, or leave --metrics out.`, {
      cause: error,
    });
  }
}

const connectRedis = (url: string) =>
  createClient({ url })
    .on('error', () => undefined)
    .connect();

function serverUsage({ value }: Scrape): Usage | undefined {
  const cpuSeconds = value('process_cpu_seconds_total');
  const memoryBytes = value('process_resident_memory_bytes');
  return cpuSeconds === undefined || memoryBytes === undefined ? undefined : { cpuSeconds, memoryBytes };
}

/**
 * Of all processes of a server together. One that ends takes its time with it, so that what each has used since the look
 * before is added up. Memory that they share counts once: it is at least what one of them has seen of it.
 */
function createPostgresUsage(postmaster: number): () => Usage | undefined {
  let seen = new Map<number, number>();
  let cpuSeconds = 0;
  return () => {
    const children = read(`/proc/${postmaster}/task/${postmaster}/children`);
    if (children === undefined) return undefined;
    const pids = [postmaster, ...children.split(' ').filter(Boolean).map(Number)];
    const now = new Map(pids.map((pid) => [pid, (processCpuUs(pid) ?? 0) / 1e6]));
    for (const [pid, seconds] of now) cpuSeconds += Math.max(0, seconds - (seen.get(pid) ?? 0));
    seen = now;
    const statuses = pids.map((pid) => read(`/proc/${pid}/status`) ?? '');
    const own = statuses.reduce((sum, status) => sum + bytesOf(status, 'RssAnon'), 0);
    return { cpuSeconds, memoryBytes: own + Math.max(...statuses.map((status) => bytesOf(status, 'RssShmem'))) };
  };
}

function redisUsage(info: string): Usage {
  const of = (name: string): number => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(info)?.[1]);
  return { cpuSeconds: of('used_cpu_sys') + of('used_cpu_user'), memoryBytes: of('used_memory_rss') };
}

function driverUsage(pid: number | undefined): Usage | undefined {
  if (pid === undefined) {
    const { user, system } = process.cpuUsage();
    return { cpuSeconds: (user + system) / 1e6, memoryBytes: process.memoryUsage.rss() };
  }
  const cpuUs = processCpuUs(pid);
  if (cpuUs === undefined) return undefined;
  return { cpuSeconds: cpuUs / 1e6, memoryBytes: bytesOf(read(`/proc/${pid}/status`) ?? '', 'VmRSS') };
}

function parentOf(pid: number): number | undefined {
  const status = read(`/proc/${pid}/status`);
  return status?.startsWith('Name:\tpostgres') === true ? numberOf(status, 'PPid') : undefined;
}

const bytesOf = (status: string, name: string): number => numberOf(status, name) * 1024;

const numberOf = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
