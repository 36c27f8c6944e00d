import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** The parts of a measurement by name. Each returns the ids of its processes at the moment. */
export type Parts = Readonly<Record<string, () => readonly number[]>>;

/** CPU times so far, in seconds. They come from /proc, so on other systems than Linux they are unknown. */
export interface CpuLook {
  readonly atMs: number;
  /** By part and process. */
  readonly parts: ReadonlyMap<string, ReadonlyMap<number, number>>;
  readonly machine: number;
  readonly stolen: number;
}

/** How many cores were busy between two looks. 1 is one core, all of the time; NaN is unknown. */
export interface CpuUsage {
  /** Without parts that have no process on this machine. */
  readonly parts: Readonly<Record<string, number>>;
  readonly machine: number;
  /** Processes that are no part of the measurement. */
  readonly others: number;
  /** What the host of a virtual machine gave to others while this one had work. */
  readonly stolen: number;
}

export function lookAtCpu(parts: Parts): CpuLook {
  const looks = Object.entries(parts).map(
    ([name, pids]) => [name, new Map(pids().map((pid) => [pid, processSeconds(pid)]))] as const,
  );
  return { atMs: performance.now(), parts: new Map(looks), ...machineSeconds() };
}

/** Looks again at the processes of an earlier look. This takes much less time than to find them. */
export const lookAgain = ({ parts }: CpuLook): CpuLook =>
  lookAtCpu(Object.fromEntries([...parts].map(([name, processes]) => [name, () => [...processes.keys()]])));

export function cpuBetween(before: CpuLook, after: CpuLook): CpuUsage {
  const seconds = (after.atMs - before.atMs) / 1000;
  const parts = [...after.parts]
    .filter(([, processes]) => processes.size > 0)
    .map(([name, processes]) => {
      const earlier = before.parts.get(name);
      // A process that ended takes its time with it.
      const grown = [...processes].map(([pid, used]) => Math.max(0, used - (earlier?.get(pid) ?? 0)));
      return [name, sum(grown) / seconds] as const;
    });
  const machine = (after.machine - before.machine) / seconds;
  return {
    parts: Object.fromEntries(parts),
    machine,
    others: Math.max(0, machine - sum(parts.map(([, cores]) => cores))),
    stolen: (after.stolen - before.stolen) / seconds,
  };
}

/** Above this share of all cores, the figures say more about other processes than about the product. */
const tolerableShare = 0.15;

/** The share of all cores that the measurement did not get. */
export const foreignShare = ({ others, stolen }: Pick<CpuUsage, 'others' | 'stolen'>): number =>
  (others + stolen) / availableParallelism();

/** Returns undefined if the machine was quiet enough. */
export function describeDisturbance(share: number): string | undefined {
  if (!(share > tolerableShare)) return undefined;
  const used = `other processes, and the host of the machine, used ${percent(share)} of the CPU`;
  return `DISTURBED: ${used}. Run it on a quiet machine.`;
}

export const percent = (share: number): string => `${Number((100 * share).toFixed(share < 0.01 ? 3 : 1))} %`;

/** PostgreSQL's processes on this machine: all of them, or those that serve one database. */
export function postgresProcesses(databaseName?: string): number[] {
  // A backend's command line is `postgres: user database host(port) state`.
  const serves = databaseName === undefined ? '' : ` ${databaseName} `;
  return processIds().filter((pid) => {
    const commandLine = read(`/proc/${pid}/cmdline`);
    return commandLine.startsWith('postgres:') && commandLine.includes(serves);
  });
}

export const redisProcesses = (): number[] =>
  processIds().filter((pid) => read(`/proc/${pid}/comm`).trim() === 'redis-server');

/** The most memory that a process ever had resident. Returns undefined if that is unknown. */
export function peakMemoryBytes(pid: number): number | undefined {
  const [, kibibytes] = /^VmHWM:\s+(\d+)/m.exec(read(`/proc/${pid}/status`)) ?? [];
  return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
}

/** All of /proc is in hundredths of a second. */
const ticksPerSecond = 100;

/** Returns 0 if the process has ended. */
function processSeconds(pid: number): number {
  // `pid (name) state …`: a name may hold spaces. After it, utime and stime are fields 12 and 13.
  const fields = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

/** The first line of /proc/stat: `cpu user nice system idle iowait irq softirq steal`. */
function machineSeconds(): Pick<CpuLook, 'machine' | 'stolen'> {
  const ticks = read('/proc/stat').split(/\s+/, 9).slice(1).map(Number);
  const [user = NaN, nice = NaN, system = NaN, , , irq = NaN, softirq = NaN, steal = NaN] = ticks;
  return { machine: sum([user, nice, system, irq, softirq]) / ticksPerSecond, stolen: steal / ticksPerSecond };
}

const processIds = (): number[] =>
  existsSync('/proc') ? readdirSync('/proc').map(Number).filter(Number.isInteger) : [];

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Returns an empty text if there is no such file. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
