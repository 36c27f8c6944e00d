import { readdirSync, readFileSync } from 'node:fs';

/**
 * The CPU time that the backends of one database have used so far, in microseconds. Undefined where the server's processes
 * cannot be seen: on another machine, or another system than Linux.
 */
export function databaseCpuUs(databaseName: string): number | undefined {
  const backends = processIds().filter((pid) => isBackendOf(pid, databaseName));
  const times = backends.map((pid) => threadCpuUs(`/proc/${pid}`)).filter((us) => us !== undefined);
  return times.length === 0 ? undefined : times.reduce((sum, us) => sum + us, 0);
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

function processIds(): string[] {
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
