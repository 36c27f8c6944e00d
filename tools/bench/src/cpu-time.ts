import { availableParallelism } from 'node:os';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time that each backend of a database has used so far, in microseconds. Empty where the server's processes cannot
 * be seen: on another machine, or another system than Linux.
 */
function backendsCpuUs(databaseName: string): ReadonlyMap<string, number> {
  const backends = processIds().filter((pid) => isBackendOf(pid, databaseName));
  return new Map(backends.map((pid) => [pid, threadCpuUs(`/proc/${pid}`) ?? 0]));
}

/** The CPU time of a process with all of its threads, in microseconds; undefined once it has ended. */
export function processCpuUs(pid: number): number | undefined {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    return threads.reduce((sum, thread) => sum + (threadCpuUs(`/proc/${pid}/task/${thread}`) ?? 0), 0);
  } catch {
    return undefined;
  }
}

/** The name of a fact: how much of the machine went to processes that have no part in the measurement. */
export const othersShare = 'others’ share of the CPU %';
/** And how much of it the host of a virtual machine gave to others. */
export const hostShare = 'host’s share of the CPU %';

/** What the driver and the database used between two looks, per call, and how much of the machine others used meanwhile. */
export interface CpuLook {
  readonly atMs: number;
  readonly driverUs: number;
  /** Undefined: there is none. */
  readonly serverUs: number | undefined;
  /** Of each backend, by its process. Undefined: there is no database. */
  readonly backendsUs: ReadonlyMap<string, number> | undefined;
  /** Of all processes on this machine together. */
  readonly machineUs: number;
  /** What the host took. */
  readonly stolenUs: number;
}

/**
 * What cannot be seen is NaN.
 *
 * @param driverPid the process that makes the calls
 * @param databaseName undefined for one that works within that process
 * @param serverPid the process between the two, if there is one
 */
export const lookAtCpu = (driverPid: number, databaseName: string | undefined, serverPid?: number): CpuLook => ({
  atMs: performance.now(),
  driverUs: processCpuUs(driverPid) ?? NaN,
  serverUs: serverPid === undefined ? undefined : processCpuUs(serverPid),
  backendsUs: databaseName === undefined ? undefined : backendsCpuUs(databaseName),
  machineUs: machineCpuUs(),
  stolenUs: stolenCpuUs(),
});

/** By names that say their units; what could not be seen is left out. */
export function cpuFacts(before: CpuLook, after: CpuLook, calls: number): Record<string, number> {
  const driverUs = after.driverUs - before.driverUs;
  const databaseUs = databaseUsBetween(before.backendsUs, after.backendsUs);
  const serverUs = (after.serverUs ?? NaN) - (before.serverUs ?? NaN);
  const capacityUs = (after.atMs - before.atMs) * 1000 * availableParallelism();
  const othersUs = after.machineUs - before.machineUs - driverUs - databaseUs - (serverUs || 0);
  const facts = {
    'server CPU µs/call': serverUs / calls,
    'driver CPU µs/call': driverUs / calls,
    'database CPU µs/call': databaseUs / calls,
    [othersShare]: (100 * Math.max(0, othersUs)) / capacityUs,
    [hostShare]: (100 * (after.stolenUs - before.stolenUs)) / capacityUs,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => Number.isFinite(value)));
}

/** A backend that ended takes its time with it. */
function databaseUsBetween(before: CpuLook['backendsUs'], after: CpuLook['backendsUs']): number {
  if (after === undefined) return 0;
  if (after.size === 0) return NaN;
  return [...after].reduce((sum, [pid, us]) => sum + us - (before?.get(pid) ?? 0), 0);
}

/** What all processes together have used so far, in microseconds; NaN where that cannot be seen. */
export function machineCpuUs(): number {
  const { user, nice, system, irq, softirq } = machineTicks();
  return (user + nice + system + irq + softirq) * 10_000;
}

/** The time so far, in microseconds, in which this machine had work and its host gave its cores to others; NaN as above. */
export const stolenCpuUs = (): number => machineTicks().steal * 10_000;

/** The first line of /proc/stat, in hundredths of a second. */
function machineTicks() {
  const ticks = (read('/proc/stat') ?? '').split(/\s+/, 9).slice(1).map(Number);
  const [user = NaN, nice = NaN, system = NaN, , , irq = NaN, softirq = NaN, steal = NaN] = ticks;
  return { user, nice, system, irq, softirq, steal };
}

/** Of all processes on this machine; none where they cannot be seen. */
export function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** A backend's command line says whom it serves: `postgres: user database host(port) state`. */
function isBackendOf(pid: string, databaseName: string): boolean {
  const text = read(`/proc/${pid}/cmdline`) ?? '';
  return text.startsWith('postgres:') && text.includes(` ${databaseName} `);
}

/** The first number is the time on a processor, in nanoseconds. */
function threadCpuUs(folder: string): number | undefined {
  const text = read(`${folder}/schedstat`);
  return text === undefined ? undefined : Number(text.split(' ')[0]) / 1000;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
