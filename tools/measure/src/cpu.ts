import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** What works in a measurement, by name, each with the processes that it has at the moment. */
export type Parts = Readonly<Record<string, () => readonly number[]>>;

/** CPU times so far, in microseconds. All of it comes from /proc: elsewhere nothing is seen. */
export interface CpuLook {
  readonly atMs: number;
  readonly parts: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly machineUs: number;
  readonly stolenUs: number;
}

/** How many cores were busy between two looks. 1 is one core, all of the time; NaN is unknown. */
export interface CpuUsage {
  /** Without the parts that no process of this machine belongs to. */
  readonly parts: Readonly<Record<string, number>>;
  readonly machine: number;
  /** Processes that are no part of the measurement. */
  readonly others: number;
  /** What the host of a virtual machine gave to others while this one had work. */
  readonly stolen: number;
}

export function lookAtCpu(parts: Parts): CpuLook {
  const looks = Object.entries(parts).map(([name, pids]): [string, Map<number, number>] => [
    name,
    new Map(pids().map((pid) => [pid, processCpuUs(pid) ?? 0])),
  ]);
  return { atMs: performance.now(), parts: new Map(looks), ...readMachineUs() };
}

/** Looks again at the processes of an earlier look, which takes much less time than to find them. */
export const lookAgain = ({ parts }: CpuLook): CpuLook =>
  lookAtCpu(Object.fromEntries([...parts].map(([name, processes]) => [name, () => [...processes.keys()]])));

export function cpuBetween(before: CpuLook, after: CpuLook): CpuUsage {
  const elapsedUs = 1000 * (after.atMs - before.atMs);
  const parts = [...after.parts].flatMap(([name, processes]): [string, number][] => {
    if (processes.size === 0) return [];
    // A process that ended takes its time with it.
    const grown = [...processes].map(([pid, us]) => us - (before.parts.get(name)?.get(pid) ?? 0));
    return [[name, sum(grown) / elapsedUs]];
  });
  const machine = (after.machineUs - before.machineUs) / elapsedUs;
  return {
    parts: Object.fromEntries(parts),
    machine,
    others: Math.max(0, machine - sum(parts.map(([, cores]) => cores))),
    stolen: (after.stolenUs - before.stolenUs) / elapsedUs,
  };
}

/** Above this share of all cores, the figures say more about other processes than about the product. */
const tolerableShare = 0.15;

/** Returns undefined if the machine was quiet enough. */
export function describeDisturbance({ others, stolen }: Pick<CpuUsage, 'others' | 'stolen'>): string | undefined {
  const [othersShare, stolenShare] = [others, stolen].map((used) => used / availableParallelism());
  if (!((othersShare ?? 0) + (stolenShare ?? 0) > tolerableShare)) return undefined;
  return `DISTURBED: other processes used ${percent(othersShare ?? 0)} of the CPU, and the host of the machine took ${percent(stolenShare ?? 0)}. Run it on a quiet machine.`;
}

export const percent = (share: number): string => `${Number((100 * share).toFixed(share < 0.01 ? 3 : 1))} %`;

/** PostgreSQL's processes on this machine: all of them, or those that serve one database. */
export function postgresProcesses(databaseName?: string): number[] {
  // A backend's command line is `postgres: user database host(port) state`.
  const serves = databaseName === undefined ? '' : ` ${databaseName} `;
  return processIds().filter((pid) => {
    const commandLine = read(`/proc/${pid}/cmdline`) ?? '';
    return commandLine.startsWith('postgres:') && commandLine.includes(serves);
  });
}

export const redisProcesses = (): number[] =>
  processIds().filter((pid) => read(`/proc/${pid}/comm`)?.trim() === 'redis-server');

/** The most memory that a process ever had resident. Returns undefined if that is unknown. */
export function peakMemoryBytes(pid: number): number | undefined {
  const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** The CPU time of all threads, of which `schedstat` has nanoseconds. Returns undefined once the process has ended. */
function processCpuUs(pid: number): number | undefined {
  const folder = `/proc/${pid}/task`;
  const threads = list(folder).map((thread) => read(`${folder}/${thread}/schedstat`)?.split(' ')[0]);
  return threads.length === 0 ? undefined : sum(threads.map((nanoseconds) => Number(nanoseconds ?? 0))) / 1000;
}

/** The first line of /proc/stat, in hundredths of a second: `cpu user nice system idle iowait irq softirq steal`. */
function readMachineUs(): Pick<CpuLook, 'machineUs' | 'stolenUs'> {
  const ticks = (read('/proc/stat') ?? '').split(/\s+/, 9).slice(1).map(Number);
  const [user = NaN, nice = NaN, system = NaN, , , irq = NaN, softirq = NaN, steal = NaN] = ticks;
  return { machineUs: sum([user, nice, system, irq, softirq]) * 10_000, stolenUs: steal * 10_000 };
}

const processIds = (): number[] => list('/proc').map(Number).filter(Number.isInteger);

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
